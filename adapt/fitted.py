"""`Fitted`: what came of fitting a simulator to a robot's logs, whatever kind of robot it is."""

from collections.abc import Callable
from dataclasses import dataclass

from ashore.adapt.calibrate import Calibration
from ashore.adapt.diagnose.diagnosis import Diagnosis
from ashore.adapt.errors import AdaptError
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.residual import Residual
from ashore.adapt.walking.range_test import RangeTest
from ashore.envs.randomize.randomization import Source

Stage = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done, 0..1."""


class Unusable(AdaptError):
    """The logs hold too little to fit anything to: an answer, not a failure."""

    def __init__(self, why: str, seconds: float) -> None:
        """Take the reason, and how long a policy was at work in the logs [s]."""
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A simulator fitted to logs, and how well it predicts those that it was not fitted to."""

    target: Source
    """Robots like the one of the logs."""
    posterior: str
    """The same as JSON, for the bundle."""
    diagnosis: Diagnosis
    """What differs on this robot."""
    evidence: OpenLoop
    """Held-out prediction of the nominal and of the fitted simulator."""
    seconds: float
    """How long a policy was at work in the logs [s]."""
    calibration: Calibration | None = None
    """Of a fixed base: the fit by replay."""
    residual: Residual | None = None
    """Of a fixed base: whether parameters explain the log, and what was done if not."""
    range: RangeTest | None = None
    """Of a walker: whether the log could be of a robot from the ranges of pretraining."""
    likely: Source | None = None
    """Robots to tune on, if those are not all of `target`."""

    @property
    def lesson(self) -> Source:
        """Robots to tune on; the gate looks at all of `target`."""
        return self.likely or self.target

    @property
    def said(self) -> tuple[str, ...]:
        """Sentences on what was found beside the parameters."""
        usual = () if self.range is None else (str(self.range),)
        return usual if self.residual is None else (*usual, self.residual.why)
