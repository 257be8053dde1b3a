"""`Way`: how long a log is replayed before the simulator is put back to where the robot was."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.trajectory import Trajectory, Window

Mask = NDArray[np.bool_]

LONGEST = 20.0
"""Longest replay without a restart [s]: small errors grow, and say less and less."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How long a log is replayed before the simulator is put back to where the robot was."""

    name: str
    """What it is called in tables and pictures."""
    seconds: float
    """Time between restarts [s]; 0 for one at each sample, infinite for none."""

    def windows(self, trajectory: Trajectory, usable: Mask) -> list[Window]:
        """Cut the usable stretches of a recording, none of them across a gap.

        A window begins where every joint answered and ends at the sample where the next one
        begins; what is left over at the end of a stretch is a shorter one.

        Args:
            trajectory: `T` samples.
            usable: which of them to replay, `(T,)`.
        """
        return [
            Window(trajectory, begin, end)
            for stretch in _stretches(trajectory, usable)
            for begin, end in self._cut(trajectory, stretch)
        ]

    def _cut(self, trajectory: Trajectory, stretch: slice) -> Iterator[tuple[int, int]]:
        time, answered = trajectory.time, np.asarray(trajectory.fresh.all(axis=1))
        begin = _next(answered, stretch.start, stretch.stop)
        while begin < stretch.stop - 1:
            reach = time[begin] + min(self.seconds, LONGEST)
            last = int(np.searchsorted(time, reach - 1e-9))
            last = min(max(last, begin + 1), stretch.stop - 1)
            yield begin, last + 1
            begin = _next(answered, last, stretch.stop)


ONE_STEP = Way(name="one step ahead", seconds=0.0)
HALF = Way(name="0.5 s", seconds=0.5)
SECOND = Way(name="1 s", seconds=1.0)
OPEN = Way(name="open loop", seconds=np.inf)
WAYS = (
    ONE_STEP,
    Way(name="0.1 s", seconds=0.1),
    Way(name="0.25 s", seconds=0.25),
    HALF,
    SECOND,
    OPEN,
)
"""All of them, the shortest first."""


def _stretches(trajectory: Trajectory, usable: Mask) -> Iterator[slice]:
    """Runs of usable samples within each unbroken piece."""
    for piece in trajectory.pieces:
        edges = np.diff(np.concatenate([[0], usable[piece].astype(np.int8), [0]]))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        for begin, end in zip(begins, ends, strict=True):
            yield slice(piece.start + int(begin), piece.start + int(end))


def _next(mask: Mask, begin: int, end: int) -> int:
    """First row from `begin` on where the mask holds; `end` if there is none."""
    here = mask[begin:end]
    return begin + int(here.argmax()) if here.any() else end
