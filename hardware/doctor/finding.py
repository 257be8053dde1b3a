"""`Finding`: one thing that a doctor looked at, and the command that mends it."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["hurts", "note", "fine"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found, why it matters, and what to do."""

    level: Level
    """`hurts` what makes runs fail, late or dangerous; `note` what one should know; `fine`."""
    check: str
    """Name of the check, for programs."""
    found: str
    """What is so, one clause."""
    why: str = ""
    """What comes of it; empty if it is fine."""
    mend: tuple[str, ...] = ()
    """Shell commands that mend it, in order; empty if no command does."""
    advice: str = ""
    """What to do by hand."""


def fine(check: str, found: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(level="fine", check=check, found=found)
