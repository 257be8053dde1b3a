"""`Knowledge`: how well a robot's parameters are told by now, and when that is enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.posterior import TOLD

Array = NDArray[np.float64]

GAIN = 0.05
"""Share by which a round must still narrow what is known, on average, to be worth its time."""


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What `rounds` rounds have told, in `D` coordinates of prior standard deviations."""

    names: tuple[str, ...]
    """Parameters."""
    widths: tuple[int, ...]
    """Coordinates of each."""
    z: Array
    """Most likely vector, `(D,)`."""
    information: Array
    """Inverse of the covariance, the prior's included, `(D, D)`."""
    rounds: int = 0
    """How many rounds have been read."""
    offers: Mapping[str, Array] = field(default_factory=dict)
    """What the last round of each shape added to the information, `(D, D)`, by its name."""

    @property
    def width(self) -> Array:
        """Standard deviation of each coordinate, as a share of the prior's, `(D,)`."""
        return np.sqrt(np.diag(np.linalg.inv(self.information)))

    @property
    def ratios(self) -> dict[str, float]:
        """Width left of the prior's for each parameter, of the joint that was told least."""
        return self._worst(self.width)

    @property
    def told(self) -> tuple[str, ...]:
        """Parameters whose width was halved for every joint, as `Posterior.told` has it."""
        return tuple(name for name, ratio in self.ratios.items() if ratio < TOLD)

    @property
    def untold(self) -> tuple[str, ...]:
        """All others."""
        return tuple(name for name in self.names if name not in self.told)

    def within_reach(self, rounds: int) -> tuple[str, ...]:
        """Parameters not told yet that will be after `rounds` more like those before."""
        if not self.rounds:
            return self.untold
        learnt = self.information - np.eye(len(self.z))
        expected = np.eye(len(self.z)) + learnt * (1.0 + rounds / self.rounds)
        ratios = self._worst(np.sqrt(np.diag(np.linalg.inv(expected))))
        return tuple(name for name in self.untold if ratios[name] < TOLD)

    @property
    def gain(self) -> float:
        """Share by which the best round, once more, would narrow the widths, on average."""
        most = [np.sqrt(np.diag(np.linalg.inv(self.information + offer)))
                for offer in self.offers.values()]
        return max((float(1.0 - np.mean(width / self.width)) for width in most), default=1.0)

    def enough(self, rounds: int) -> str | None:
        """Return why another round is not worth its time, or None if it is.

        Args:
            rounds: how many more there is time for.
        """
        if not self.untold:
            return "every parameter is told"
        if not self.within_reach(rounds) and self.gain < GAIN:
            return f"another round would narrow what is known by {self.gain:.1%} only"
        return None

    def best(self) -> str:
        """Name of the shape whose round, once more, would narrow all of it most.

        By the determinant of the information, as the robot itself showed what a shape tells of it.

        Source: Fedorov 1972, Theory of Optimal Experiments, chapter 2 (D-optimal designs).
        """
        volume = {
            name: float(np.linalg.slogdet(self.information + offer)[1])
            for name, offer in self.offers.items()
        }
        return max(volume, key=volume.__getitem__)

    def _worst(self, width: Array) -> dict[str, float]:
        edges = np.cumsum(self.widths)[:-1]
        parts = zip(self.names, np.split(width, edges), strict=True)
        return {name: float(part.max()) for name, part in parts}
