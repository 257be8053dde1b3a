"""`CommandDelay`: goals that come into force a little after they were given."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class CommandDelay:
    """The last goals of `n` robots, and what a joint obeys `delay` seconds later.

    A command holds from its tick to the next, so the goal is a staircase `c(t)`. Over a physics
    step `[t, t + h]` a joint that lags by `d` obeys the mean of `c` over `[t - d, t + h - d]`:
    exact for the step, and continuous in `d`, so that a delay can be identified by least squares.
    """

    def __init__(self, shape: tuple[int, int], period: float, longest: float) -> None:
        """Remember commands of `shape` `(n, nj)`, one each `period` [s], up to `longest` [s]."""
        self.period = period
        self.depth = int(np.ceil(longest / period)) + 2
        self._past = np.zeros((self.depth, *shape))
        self._change = np.zeros(shape)
        self._rows = np.arange(shape[0])[:, None]
        self._columns = np.arange(shape[1])[None, :]

    def restart(self, ids: NDArray[np.intp], goal: Array) -> None:
        """Take `goal` `(len(ids), nj)` as the whole past of robots `ids`."""
        self._past[:, ids] = goal
        self._change[ids] = 0.0

    def push(self, goal: Array) -> None:
        """Begin a new period with `goal` `(n, nj)` [rad]."""
        self._past[1:] = self._past[:-1]
        self._past[0] = goal
        np.subtract(self._past[0], self._past[1], out=self._change)

    def goal(self, since: float, seconds: float, delay: Array) -> Array:
        """Goal obeyed over a step of `seconds` that begins `since` seconds into the period."""
        late = delay - since
        if delay.max() <= self.period:
            late /= seconds
            np.clip(late, 0.0, 1.0, out=late)
            return np.asarray(self._past[0] - late * self._change)
        older = np.clip(np.ceil(late / self.period), 0, self.depth - 1).astype(np.intp)
        newer = np.maximum(older - 1, 0)
        share = np.clip((late - newer * self.period) / seconds, 0.0, 1.0)
        new = self._past[newer, self._rows, self._columns]
        old = self._past[older, self._rows, self._columns]
        return np.asarray(new - share * (new - old))
