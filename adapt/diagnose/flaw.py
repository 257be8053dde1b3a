"""`Flaw`: one thing that is wrong with a log, where, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Stretches = tuple[tuple[float, float], ...]

Severity = Literal["unusable", "warn"]

SHOWN = 3
"""Stretches of a flaw that its sentence names."""


def severity(grave: bool) -> Severity:
    """How grave a flaw is of which nothing can be learned, or less."""
    return "unusable" if grave else "warn"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One thing that is wrong with a log."""

    kind: str
    """What it is about, one word: `clock`, `gaps`, `poison`."""
    severity: Severity
    """Whether nothing can be learned from the log, or less."""
    what: str
    """What was found, a clause without a full stop."""
    cure: str
    """What to do, a clause."""
    where: Stretches = ()
    """When, from and to, since the log's first reading [s]; empty for throughout."""

    def __str__(self) -> str:
        times = ", ".join(f"{begin:.2f} to {end:.2f} s" for begin, end in self.where[:SHOWN])
        more = len(self.where) - SHOWN
        times += f" and {more} more" if more > 0 else ""
        return f"{self.what}{f' (at {times})' if times else ''}: {self.cure}"


def stretches(time: Array, struck: Mask, least: float = 0.0) -> Stretches:
    """Return from when to when the mask `(T,)` holds, where it does for `least` seconds or more."""
    edges = np.diff(np.concatenate([[0], struck.astype(np.int8), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    found = [(float(time[a]), float(time[b])) for a, b in zip(begins, ends, strict=True)]
    return tuple((a, b) for a, b in found if b - a >= least)
