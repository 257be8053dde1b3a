"""`When`: when a fault happens and to whom; `Chance`: whether it does, drawn from a seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.tables import allowed

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class When:
    """What every fault of a file can say, whatever its kind."""

    joints: tuple[int, ...] = ()
    """Servo ids of whom it strikes, in the file also names of joints; none means all."""
    begin: float = 0.0
    """Moment from which it can happen, in the twin's own time [s]."""
    end: float = math.inf
    """Moment from which it cannot any more [s]."""
    probability: float = 1.0
    """Of happening: to each packet, of faults on the line; at all, to each joint, of others."""
    times: int = 0
    """How many packets it strikes at most, 0 for no limit; of faults on the line."""

    def __post_init__(self) -> None:
        """Refuse what can never happen."""
        allowed("begin", self.begin, 0.0 <= self.begin < math.inf, "0 or later, finite")
        allowed("end", self.end, self.end > self.begin, f"later than begin ({self.begin})")
        allowed("probability", self.probability, 0.0 < self.probability <= 1.0, "above 0, up to 1")
        allowed("times", self.times, self.times >= 0, "0 or more")


class Chance:
    """Decides for one fault; the same seed and the same questions give the same answers."""

    def __init__(self, when: When, ids: Sequence[int], rng: np.random.Generator) -> None:
        """Draw for each of `ids`, the twin's servos in order, whether it is struck at all."""
        self.when, self.rng = when, rng
        self._drawn = rng.random(len(ids)) < when.probability
        self._struck: NDArray[np.bool_] = np.array([self.reaches(i) for i in ids]) & self._drawn
        self._at_all = bool(rng.random() < when.probability)
        self._begun: set[int] = set()
        self._times = 0

    def reaches(self, servo: int) -> bool:
        """Whether `servo` is one of those whom it strikes."""
        return not self.when.joints or servo in self.when.joints

    def due(self, now: float) -> bool:
        """Whether it can happen at `now` [s]."""
        return self.when.begin <= now + _ROUNDING < self.when.end

    def strikes(self, now: float) -> bool:
        """Draw whether it happens to one packet at `now` [s]."""
        if not self.due(now) or self._times == self.when.times > 0:
            return False
        struck = bool(self.rng.random() < self.when.probability)
        self._times += struck
        return struck

    def lasts(self, now: float) -> bool:
        """Whether it goes on at `now` [s], for a fault of the whole twin."""
        return self._at_all and self.due(now)

    def struck(self, now: float) -> NDArray[np.bool_]:
        """Return to which of the servos it happens at `now` [s], `(n,)`."""
        return self._struck & self.due(now)

    def begins(self, now: float) -> list[int]:
        """Return the places of the servos to which it happens for the first time at `now` [s]."""
        if not self.due(now):
            return []
        new = [i for i in np.flatnonzero(self._struck).tolist() if i not in self._begun]
        self._begun.update(new)
        return new
