"""`LogsRequest`: what `ashore logs` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class LogsRequest:
    """A folder of logs, and which of them are listed, tagged or split."""

    folder: tyro.conf.Positional[Path] = Path(".")
    """Folder whose logs are listed, and those in folders below it."""
    tag: tuple[str, ...] = ()
    """NAME LOG...: tag these logs; or NAME alone: list only those that have this tag."""
    untag: tuple[str, ...] = ()
    """NAME LOG...: remove the tag from these logs."""
    split: tuple[str, ...] = ()
    """Three shares, such as 0.7 0.15 0.15: split into train, validation and held-out by trajectory
    and by excitation, for good; or one of these parts: list only its logs."""
    seed: int = 0
    """Seed of the split."""
    robot: str | None = None
    """List only logs of this robot."""
    kind: str | None = None
    """List only logs of this kind, such as record, deploy, excite, trial or import."""
    rebuild: bool = False
    """Read all logs again, whatever the index says."""
    json: bool = False
    """Print JSON."""
