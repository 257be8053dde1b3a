"""`LogCutRequest`: what `ashore log cut` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class LogCutRequest:
    """A log, and the stretch of it that is wanted."""

    log: tyro.conf.Positional[Path]
    """The log to cut."""
    out: Path
    """Log to write; must not exist."""
    begin: Annotated[float | None, tyro.conf.arg(name="from")] = None
    """From when on, counted from the first reading [s]; default: from the beginning."""
    end: Annotated[float | None, tyro.conf.arg(name="to")] = None
    """Before when, counted from the first reading [s]; default: to the end."""
    episodes: str | None = None
    """Episodes to keep, counted from 1, such as 2 or 2-4; instead of --from and --to."""
    events: Literal["within", "all"] = "within"
    """Keep the events of the stretch, or all of them."""
