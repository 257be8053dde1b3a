"""`Interval`: a mean and how far it can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as students_t

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


def bootstrap(samples: Array, seed: int = 0, level: float = LEVEL) -> Interval:
    """Percentile interval at `level` of the mean of independent samples `(n,)`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    rng = np.random.default_rng(seed)
    means = samples[rng.integers(0, len(samples), (DRAWS, len(samples)))].mean(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(low=float(low), mean=float(samples.mean()), high=float(high))


def student(samples: Array, level: float = LEVEL) -> Interval:
    """Student's interval at `level` of the mean of a few independent samples `(n,)`, n >= 2.

    Source: Student 1908, "The probable error of a mean", Biometrika 6; of fewer than some twenty
    samples a bootstrap's interval is too narrow.
    """
    mean, n = float(samples.mean()), len(samples)
    reach = float(students_t.ppf(0.5 + level / 2.0, n - 1)) * float(samples.std(ddof=1)) / n**0.5
    return Interval(low=mean - reach, mean=mean, high=mean + reach)
