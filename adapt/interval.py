"""`Interval`: a mean and how far it can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 4_000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An interval of a mean, at 95 % where nothing else is said."""

    low: float
    """Lower end."""
    mean: float
    """The mean."""
    high: float
    """Upper end."""

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def student(samples: Array, level: float = LEVEL) -> Interval:
    """Student's interval of the mean of few independent samples `(n,)`; of one, that one.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908).
    """
    from scipy.stats import t

    n, mean = len(samples), float(samples.mean())
    if n == 1:
        return Interval(low=mean, mean=mean, high=mean)
    reach = float(t.ppf(0.5 + level / 2.0, n - 1) * samples.std(ddof=1) / np.sqrt(n))
    return Interval(low=mean - reach, mean=mean, high=mean + reach)


def bootstrap(samples: Array, seed: int = 0, level: float = LEVEL) -> Interval:
    """Percentile interval at `level` of the mean of independent samples `(n,)`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    rng = np.random.default_rng(seed)
    means = samples[rng.integers(0, len(samples), (DRAWS, len(samples)))].mean(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(low=float(low), mean=float(samples.mean()), high=float(high))
