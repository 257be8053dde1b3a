"""`Dice`: random numbers that belong to each robot, whoever it is simulated with."""

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_QUANTILES = 1 << 16


class Dice:
    """A stream of random numbers for each of `n` robots, drawn for many of them at once.

    Robot `i` draws from a stream of its own, a function of seed, purpose and its number alone: its
    numbers are the same bits whether it is alone or one of thousands, in any order of the others.
    The `c`-th word of a stream is `mix(key + c * golden)`.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014
    (SplitMix64, a counter through a mixer; the constants are its reference implementation's).
    """

    def __init__(self, seed: int, n: int, first: int = 0, purpose: str = "") -> None:
        """Make streams for robots `first` to `first + n - 1`.

        Args:
            seed: any whole number.
            n: how many robots.
            first: number of the first of them.
            purpose: streams of different purposes are independent of one another.
        """
        root = _root(seed, purpose)
        numbers = np.arange(first, first + n, dtype=np.uint64)
        self._key = _mix(_mix(numbers * _GOLDEN + root) + root)
        self._count = np.zeros(n, dtype=np.uint64)
        self._numbers = numbers.astype(np.intp)
        self._ids: NDArray[np.intp] | slice = slice(None)

    @property
    def robots(self) -> NDArray[np.intp]:
        """Numbers of the robots, `(n,)`."""
        return np.array(self._numbers[self._ids])

    @property
    def counts(self) -> Words:
        """Words that each robot has drawn, `(n,)`; streams go on where they are put."""
        return np.array(self._count[self._ids])

    @counts.setter
    def counts(self, drawn: Words) -> None:
        self._count[self._ids] = drawn

    def of(self, ids: NDArray[np.intp]) -> "Dice":
        """The same streams, of robots `ids` only; what they draw here, they have drawn."""
        mine = ids if isinstance(self._ids, slice) else self._ids[ids]
        return self._view(mine, self._key, self._count)

    def anew(self, purpose: str) -> "Dice":
        """Streams of another purpose, at their first number; these are left where they are."""
        key = _mix(self._key ^ _root(0, purpose))
        return self._view(self._ids, key, np.zeros_like(self._count))

    def _view(self, ids: NDArray[np.intp] | slice, key: Words, count: Words) -> "Dice":
        view = object.__new__(Dice)
        view._key, view._count, view._ids = key, count, ids
        view._numbers = self._numbers
        return view

    def __len__(self) -> int:
        return len(self._key[self._ids])

    def uniform(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, k: int = 1) -> Array:
        """Draw `k` numbers for each robot, `(n, k)`; `low` and `high` broadcast to `(k,)`."""
        unit = (self._words(k) >> np.uint64(11)) * 2.0**-53
        bottom, top = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
        return np.asarray(bottom + (top - bottom) * unit)

    def normal(self, k: int = 1) -> Array:
        """Draw `k` standard normal numbers for each robot, `(n, k)`, within 4.2 deviations.

        Each is one of 65,536 equally likely quantiles, four from a word.
        """
        words = self._words(-(-k // 4))
        return np.asarray(_quantiles()[words.view(np.uint16)[:, :k]])

    def below(self, bound: int, k: int = 1) -> NDArray[np.intp]:
        """Draw `k` whole numbers from 0 to `bound - 1` for each robot, `(n, k)`."""
        return np.asarray(self.uniform(0.0, bound, k).astype(np.intp).clip(0, bound - 1))

    def _words(self, k: int) -> Words:
        begin = np.array(self._count[self._ids])
        self._count[self._ids] = begin + np.uint64(k)
        counter = begin[:, None] + np.arange(k, dtype=np.uint64)
        return _mix(np.asarray(self._key[self._ids][:, None] + counter * _GOLDEN, dtype=np.uint64))


def _root(seed: int, purpose: str) -> np.uint64:
    words = [seed % (1 << 64), *purpose.encode()]
    return np.uint64(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _MIX1
    words = (words ^ (words >> np.uint64(27))) * _MIX2
    return np.ascontiguousarray(words ^ (words >> np.uint64(31)))


@cache
def _quantiles() -> Array:
    """Quantiles of the normal distribution at the middles of equal strata, of variance one."""
    inverse = NormalDist().inv_cdf
    tail = np.array([inverse((i + 0.5) / _QUANTILES) for i in range(_QUANTILES // 2)])
    both = np.concatenate([tail, -tail[::-1]])
    return np.asarray(both / both.std())
