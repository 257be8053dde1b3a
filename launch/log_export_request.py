"""`LogExportRequest`: what `ashore log export` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

LogFormat = Literal["csv", "npz", "parquet", "lerobot", "rerun"]


@dataclass(frozen=True, kw_only=True)
class LogExportRequest:
    """What `ashore log export` is asked for."""

    log: tyro.conf.Positional[Path]
    """An Ashore log."""
    out: tyro.conf.Positional[Path]
    """File or folder to write; must not exist. Its end says the format: .npz, .rrd, or a folder
    whose name ends with csv, parquet or lerobot."""
    format: LogFormat | None = None
    """The format, where the end of the name does not say it."""
