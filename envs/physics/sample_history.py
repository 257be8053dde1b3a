"""`SampleHistory`: the last samples of many robots, and what they were a little while ago."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Mask = NDArray[np.bool_]


class SampleHistory:
    """Samples of `n` robots, `k` numbers each, one a control tick."""

    def __init__(self, n: int, k: int, period: float, longest: float) -> None:
        """Remember samples that come each `period` [s], for up to `longest` [s]."""
        self._period = period
        self._past = np.zeros((int(np.ceil(longest / period)) + 2, n, k))
        self._head = 0

    def tick(self) -> None:
        """Begin a new tick: what is put next is a period younger."""
        self._head = (self._head - 1) % len(self._past)

    def put(self, samples: Array, rows: Ids, new: Mask) -> None:
        """Take this tick's samples `(m, k)` of robots `rows`; for `new` ones, as all of their past.

        Args:
            samples: what the sensors say.
            rows: whose they are, `(m,)`.
            new: which of these robots have just begun, `(m,)`.
        """
        self._past[self._head, rows] = samples
        if new.any():
            self._past[:, rows[new]] = samples[new]

    def ago(self, seconds: Array, rows: Ids) -> Array:
        """Samples of robots `rows` as they were `seconds` `(m,)` ago, between ticks linearly."""
        depth, ticks = len(self._past), seconds / self._period
        whole = np.floor(ticks).astype(np.intp)
        newer = self._past[(self._head + whole) % depth, rows]
        older = self._past[(self._head + whole + 1) % depth, rows]
        older -= newer
        older *= (ticks - whole)[:, None]
        newer += older
        return np.asarray(newer)
