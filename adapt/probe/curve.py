"""`ProbeCurve`: held-out scores of three learners over how many windows were labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.probe.kind import Kind

Array = NDArray[np.float64]

FROZEN, SCRATCH, PLAIN = "frozen trunk", "from scratch", "no trunk"
LEARNERS: Mapping[str, str] = {
    FROZEN: "a linear head on what the policy's trunk makes of a window",
    SCRATCH: "the same network, learned whole from random weights",
    PLAIN: "the same linear head on the observations themselves",
}
"""Who is compared, and what each is."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Scores at one number of labelled windows, each the mean of a held-out group, `(g,)`."""

    windows: int
    """How many were learned from."""
    scores: Mapping[str, Array]
    """By the learner's name."""

    def interval(self, learner: str) -> Interval:
        """A learner's score, over held-out groups."""
        return bootstrap(self.scores[learner])

    def gain(self, kind: Kind, over: str = SCRATCH) -> Interval:
        """How much better the frozen trunk does than another learner, paired."""
        sign = 1.0 if kind == "class" else -1.0
        return bootstrap(sign * (self.scores[FROZEN] - self.scores[over]))


@dataclass(frozen=True, kw_only=True)
class ProbeCurve:
    """Scores of held-out groups: share of windows named rightly, or mean absolute error."""

    kind: Kind
    """What is learned."""
    points: Sequence[Point]
    """From few windows to all."""
    idle: Interval
    """Score of whoever always says the commonest class, or the median number."""

    def to_json(self) -> dict[str, Any]:
        """The curve as JSON takes it."""
        return {
            "score": "accuracy" if self.kind == "class" else "mean absolute error",
            "idle": vars(self.idle),
            "points": [
                {
                    "windows": point.windows,
                    **{name: vars(point.interval(name)) for name in point.scores},
                    "gain over scratch": vars(point.gain(self.kind)),
                }
                for point in self.points
            ],
        }
