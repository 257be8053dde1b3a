"""`TrialRequest`: what `ashore trial` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from ashore.launch.place_request import Place


@dataclass(frozen=True, kw_only=True)
class TrialRequest(Place):
    """What `ashore trial` is asked for."""

    candidate: tyro.conf.Positional[str]
    """The bundle on trial, whose verdict is IMPROVED: what `ashore adapt` wrote."""
    base: str
    """The bundle it must beat: a folder, or the name of one that ships."""
    pairs: int = 16
    """Most pairs of episodes; a clear difference ends the trial sooner."""
    seconds: float = 6.0
    """Length of an episode, if the task's own are longer [s]."""
    out: Path | None = None
    """Folder for the logs, one a pair; default: runs/ROBOT-trial-TIME. A trial that was stopped
    goes on in its own folder with the pairs that are whole."""
