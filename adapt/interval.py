"""`Interval`: a mean and how far it can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 4_000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A bootstrap interval of a mean."""

    low: float
    """Lower end at 95 %."""
    mean: float
    """The mean."""
    high: float
    """Upper end at 95 %."""

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def bootstrap(samples: Array, seed: int = 0) -> Interval:
    """Percentile interval of the mean of independent samples `(n,)`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    rng = np.random.default_rng(seed)
    means = samples[rng.integers(0, len(samples), (DRAWS, len(samples)))].mean(axis=1)
    low, high = np.quantile(means, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
    return Interval(low=float(low), mean=float(samples.mean()), high=float(high))
