"""Statistics of columns that are seen a batch at a time."""

import numpy as np
from numpy.typing import NDArray

SAMPLE = 10_000
"""Rows that quantiles are of: all there are, or so many drawn evenly from more."""
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}


class RunningStats:
    """Least, largest, mean, standard deviation and quantiles of each column, NaN left out.

    The deviation is the population's; batches are joined by Chan, Golub and LeVeque's formula,
    `M = M1 + M2 + d² n1 n2 / n` with `d` the difference of the means. Quantiles of more rows than
    a sample holds are a sample's (Vitter's algorithm R, seeded): that of 1 % is then one between
    0.8 and 1.2 %, as a rule.
    """

    def __init__(self, width: int) -> None:
        self._count = np.zeros(width)
        self._mean = np.zeros(width)
        self._squares = np.zeros(width)
        self._least = np.full(width, np.inf)
        self._largest = np.full(width, -np.inf)
        self._rows = 0
        self._sample = np.empty((0, width))
        self._dice = np.random.default_rng(0)

    def add(self, values: NDArray[np.float64]) -> None:
        """Add rows, `(n, width)`."""
        self._draw(values)
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

    def _draw(self, values: NDArray[np.float64]) -> None:
        """Keep all rows while there is room; then each takes a kept one's place by its chance."""
        room = SAMPLE - len(self._sample)
        self._sample = np.concatenate([self._sample, values[:room]])
        late = values[room:]
        places = self._dice.integers(0, self._rows + room + 1 + np.arange(len(late)))
        kept = places < SAMPLE
        self._sample[places[kept]] = late[kept]

    def result(self) -> dict[str, list[float]]:
        """`min`, `max`, `mean`, `std`, `q01` to `q99`, a number a column; 0 where all was NaN.

        And `count`, the number of rows.
        """
        known = self._count > 0
        deviation = np.sqrt(self._squares / np.maximum(self._count, 1))
        values = {
            "min": self._least,
            "max": self._largest,
            "mean": self._mean,
            "std": deviation,
        }
        # Zeros in the place of what nobody knows, so that there is something to draw from.
        sample = np.where(known, self._sample, 0.0) if self._rows else np.zeros((1, len(known)))
        values |= {q: np.nanquantile(sample, share, axis=0) for q, share in QUANTILES.items()}
        found = {name: np.where(known, value, 0.0).tolist() for name, value in values.items()}
        return {**found, "count": [self._rows]}
