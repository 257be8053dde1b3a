"""Statistics of columns that are seen a batch at a time."""

import numpy as np
from numpy.typing import NDArray


class RunningStats:
    """Least, largest, mean and standard deviation of each column, NaN left out.

    The deviation is the population's; batches are joined by Chan, Golub and LeVeque's formula,
    `M = M1 + M2 + d² n1 n2 / n` with `d` the difference of the means.
    """

    def __init__(self, width: int) -> None:
        self._count = np.zeros(width)
        self._mean = np.zeros(width)
        self._squares = np.zeros(width)
        self._least = np.full(width, np.inf)
        self._largest = np.full(width, -np.inf)
        self._rows = 0

    def add(self, values: NDArray[np.float64]) -> None:
        """Add rows, `(n, width)`."""
        known = ~np.isnan(values)
        count = known.sum(axis=0)
        self._rows += len(values)
        total = self._count + count
        safe = np.maximum(count, 1)
        mean = np.where(known, values, 0.0).sum(axis=0) / safe
        squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
        shift = np.where(count > 0, mean - self._mean, 0.0)
        self._squares += squares + shift**2 * self._count * count / np.maximum(total, 1)
        self._mean += shift * count / np.maximum(total, 1)
        self._least = np.minimum(self._least, np.where(known, values, np.inf).min(axis=0))
        self._largest = np.maximum(self._largest, np.where(known, values, -np.inf).max(axis=0))
        self._count = total

    def result(self) -> dict[str, list[float]]:
        """`min`, `max`, `mean`, `std`, one number a column, and `count`; 0 where all was NaN."""
        known = self._count > 0
        deviation = np.sqrt(self._squares / np.maximum(self._count, 1))
        values = {
            "min": self._least,
            "max": self._largest,
            "mean": self._mean,
            "std": deviation,
        }
        found = {name: np.where(known, value, 0.0).tolist() for name, value in values.items()}
        return {**found, "count": [self._rows]}
