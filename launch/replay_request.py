"""`ReplayRequest`: what `ashore replay` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """What `ashore replay` is asked for."""

    log: tyro.conf.Positional[Path]
    """An Ashore log."""
    policy: str | None = None
    """Bundle whose policy recorded it, to be run again; a shipped one is found by itself."""
    calibrated: str | None = None
    """A second simulator beside the nominal one: a bundle that `ashore adapt` made, or what
    `ashore calibrate --out` wrote."""
    robot: str | None = None
    """The robot's name or folder, if not the spec inside the log is to be simulated."""
    out: Path | None = None
    """Page to write; LOG.replay.html beside the log if not said."""
    json: bool = False
    """Print the errors as JSON too."""
