"""`ProbeRequest`: what `ashore probe` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class ProbeRequest:
    """Logs, what parts of them are called, and the policy whose trunk is to tell them apart."""

    logs: tyro.conf.Positional[tuple[Path, ...]]
    """Logs that the policy recorded, or another one of its contract."""
    policy: str
    """The bundle whose trunk is used: a folder, or the name of one that ships."""
    out: Path
    """Folder to write: the head, its figures and their curve."""
    labels: str | None = None
    """A CSV file with the columns log, begin, end [s into the log] and label; or the key of each
    log's setup that holds its label. Texts are told apart; numbers are read."""
    label: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """LOG=VALUE, the label of a whole log; once for each log, instead of --labels."""
    seconds: float = 2.0
    """Length of a window [s]; two are four cycles of a trot."""
    kind: Literal["auto", "class", "number"] = "auto"
    """Whether labels are classes or numbers; auto goes by whether all are numbers."""
    seed: int = 0
    """Seed of what is held out and of random weights."""
