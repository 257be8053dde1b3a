"""`Extremes`: the least and the greatest of a signal in each of many parts of a stretch."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Extremes:
    """Collects rows, and keeps two of each part whatever comes."""

    def __init__(self, span: tuple[float, float], bins: int, width: int) -> None:
        """Begin with nothing.

        Args:
            span: first and last time of the stretch [s].
            bins: number of equal parts.
            width: numbers a row.
        """
        self._edges = np.linspace(*span, bins + 1)
        self._low = np.full((bins, width), np.inf)
        self._high = np.full((bins, width), -np.inf)

    def add(self, time: Array, values: Array) -> None:
        """Take rows in any order; those outside the stretch or of another width are left out.

        Args:
            time: `(T,)` [s].
            values: `(T, k)`; NaN where there is no number.
        """
        if values.shape[1] != self._low.shape[1]:
            return
        inside = (time >= self._edges[0]) & (time <= self._edges[-1])
        part = np.searchsorted(self._edges, time[inside], side="right") - 1
        part = np.minimum(part, len(self._low) - 1)
        np.fmin.at(self._low, part, values[inside])
        np.fmax.at(self._high, part, values[inside])

    def result(self) -> dict[str, Array]:
        """`time` `(B,)` of each part with a number [s], `low` and `high` `(B, k)`, else NaN."""
        none = self._low > self._high
        low, high = (np.where(none, np.nan, each) for each in (self._low, self._high))
        kept = ~none.all(axis=1)
        middle = 0.5 * (self._edges[:-1] + self._edges[1:])
        return {"time": middle[kept], "low": low[kept], "high": high[kept]}
