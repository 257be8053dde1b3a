"""The frames of a policy's episodes in a log: one a tick, evenly spaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log
from ashore.hardware.logs.log_tables import Event, Readings

LONGEST_GAP = 1.0
"""Longest time without a reading that is bridged by repeating the last frame [s]."""
FEATURES = {
    "observation.state": "position",
    "observation.velocity": "velocity",
    "observation.gyro": "gyro",
    "observation.gravity": "gravity",
}
"""Signal of each feature; those behind the first where the log has them."""

Frame = dict[str, NDArray[np.float64]]


class Placed(NamedTuple):
    """A frame and the episode that it belongs to."""

    episode: int
    """Counted from 0."""
    task: str
    """What the policy was to do."""
    values: Frame
    """Its features and its action."""


@dataclass
class LeRobotFrames:
    """Iterates over the frames of a log's episodes, in bounded memory.

    An episode lasts from an event `running` of kind `state` to the next state. A frame is a
    reading, and its action the goals that were commanded next, before the next reading. A reading
    that comes `n` periods after the one before, to the nearest, is `n` frames after it: the
    frames between repeat the last one, and a reading within half a period of the one before
    replaces it. `resampled` counts both.

    Raises:
        LogError: readings are missing for a second, or time goes backwards.
    """

    path: Path
    """The log."""
    rate: float
    """Frames a second [Hz]."""
    resampled: int = 0
    """Frames that were repeated or replaced, so far."""
    _held: Frame | None = None
    _time: float = 0.0
    _running: bool = False
    _episode: int = -1
    _task: str = ""
    _goal: NDArray[np.float64] | None = None
    _begun: bool = False

    def __iter__(self) -> Iterator[Placed]:
        for log in Log.batches(self.path):
            for _, kind, row in _merged(log):
                if kind == "event":
                    yield from self._mark(log.events[row])
                elif kind == "command":
                    self._goal = log.commands.position[row]
                    if self._held is not None:
                        self._held.setdefault("action", self._goal)
                elif self._running:
                    yield from self._add(log.readings, row)
        yield from self._end()

    def _mark(self, event: Event) -> Iterator[Placed]:
        yield from self._end()
        self._running = event.text == "running"
        self._task = str(event.data.get("task") or "run")

    def _end(self) -> Iterator[Placed]:
        yield from self._give(1)
        self._held, self._begun = None, False

    def _give(self, count: int) -> Iterator[Placed]:
        """Give the held frame so many times, if goals followed it or came before."""
        if self._held is None or (goal := self._held.get("action", self._goal)) is None:
            return
        if count and not self._begun:
            self._episode, self._begun = self._episode + 1, True
        for _ in range(count):
            yield Placed(self._episode, self._task, {**self._held, "action": goal})

    def _add(self, readings: Readings, row: int) -> Iterator[Placed]:
        time = float(readings.time[row])
        if self._held is not None:
            count = self._count(time)
            yield from self._give(count)
            self.resampled += abs(count - 1)
        self._held = {name: getattr(readings, key)[row] for name, key in FEATURES.items()}
        self._time = time

    def _count(self, time: float) -> int:
        gap = time - self._time
        if not 0.0 <= gap <= LONGEST_GAP:
            raise LogError(
                f"{self.path}: the reading at {time:.3f} s comes {gap:.3f} s after the one before, "
                f"and an episode is bridged for {LONGEST_GAP} s at most; cut the log there"
            )
        return round(gap * self.rate)


def _merged(log: Log) -> list[tuple[float, str, int]]:
    """State events, commands and readings of a part, by time; a command behind its reading."""
    states = [(e.time, "event", row) for row, e in enumerate(log.events) if e.kind == "state"]
    readings = [(float(t), "reading", row) for row, t in enumerate(log.readings.time)]
    commands = [(float(t), "command", row) for row, t in enumerate(log.commands.time)]
    rank = {"event": 0, "reading": 1, "command": 2}
    return sorted(states + readings + commands, key=lambda it: (it[0], rank[it[1]]))
