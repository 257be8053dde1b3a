"""`Tally`: sums of squared errors by signal and horizon, a batch of samples at a time."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Tally:
    """Sums of squared errors of `P` simulators, by signal, in `B` parts of a horizon."""

    def __init__(self, simulators: int, bins: int, reach: float) -> None:
        """Count nothing yet; `reach` is the whole horizon [s]."""
        self._simulators, self._bins, self._reach = simulators, bins, reach
        self._squares: dict[str, Array] = {}
        self._counts: dict[str, Array] = {}

    def add(
        self,
        since: Array,
        counted: NDArray[np.bool_],
        measured: Mapping[str, Array],
        predicted: Mapping[str, Array],
    ) -> None:
        """Add samples.

        Args:
            since: time since the restart, `(S,)` [s].
            counted: samples that are predictions at all, `(S,)`.
            measured: by signal, `(S, k)`; NaN where nothing was measured.
            predicted: by signal, `(P, S, k)`.
        """
        part = np.zeros(len(since), dtype=np.intp)
        if self._bins > 1:
            part = np.minimum((since / self._reach * self._bins).astype(np.intp), self._bins - 1)
        for name, value in measured.items():
            known = counted[:, None] & np.isfinite(value)
            error = np.where(known, predicted[name] - np.where(known, value, 0.0), 0.0)
            shape = (self._simulators, self._bins, value.shape[1])
            squares = self._squares.setdefault(name, np.zeros(shape))
            counts = self._counts.setdefault(name, np.zeros(shape[1:]))
            for b in np.unique(part):
                rows = part == b
                squares[:, b] += np.square(error[:, rows]).sum(axis=1)
                counts[b] += known[rows].sum(axis=0)

    @property
    def horizon(self) -> Array:
        """Middle of each part of the horizon, `(B,)` [s]."""
        return np.asarray((np.arange(self._bins) + 0.5) * self._reach / self._bins)

    @property
    def rmse(self) -> dict[str, Array]:
        """Root mean squared error over the whole horizon by signal, `(P, k)`."""
        return {
            name: _root(squares.sum(axis=1), self._counts[name].sum(axis=0))
            for name, squares in self._squares.items()
        }

    @property
    def by_horizon(self) -> dict[str, Array]:
        """Root mean squared error by signal and part of the horizon, `(P, B, k)`."""
        return {n: _root(squares, self._counts[n]) for n, squares in self._squares.items()}


def _root(squares: Array, counts: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(squares / counts))
