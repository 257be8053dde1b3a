"""`openers`: the processes that have a port open, as far as /proc tells."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Opener:
    """A process that has a port open."""

    pid: int
    """Its number."""
    name: str
    """Its name."""
    opened: frozenset[str]
    """Everything that it has open."""


def openers(port: str, proc: Path = PROC) -> Iterator[Opener]:
    """Yield who has `port` open, this process too; those of other users cannot be seen."""
    target = os.path.realpath(port)
    for folder in sorted(proc.glob("[0-9]*")):
        opened = _opened(folder)
        if target in opened:
            yield Opener(pid=int(folder.name), name=_name(folder), opened=frozenset(opened))


def _opened(folder: Path) -> set[str]:
    opened = set()
    try:
        for link in (folder / "fd").iterdir():
            opened.add(os.readlink(link))
    except OSError:
        # It ended, or is another user's.
        return opened
    return opened


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip()
    except OSError:
        return "a process that has ended"
