"""`Target`: labels as the numbers that are learned, and how far a reading of them is off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.probe.kind import Kind, numbers

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be read off windows: one column a class, or one number."""

    classes: tuple[str, ...]
    """Names of the classes; empty for a number."""
    value: Array
    """Number of each window's class, or its number, `(n,)`."""

    @classmethod
    def of(cls, labels: Sequence[str], kind: Kind) -> "Target":
        """Turn labels into numbers."""
        if kind == "number":
            return cls(classes=(), value=numbers(labels))
        classes, value = np.unique(list(labels), return_inverse=True)
        return cls(classes=tuple(map(str, classes)), value=value.astype(np.float64))

    @property
    def kinds(self) -> Ids:
        """Class of each window, `(n,)`; 0 for all where a number is read."""
        return np.where(bool(self.classes), self.value, 0.0).astype(np.intp)

    @property
    def width(self) -> int:
        """How many numbers a head gives."""
        return len(self.classes) or 1

    def take(self, rows: Ids) -> "Target":
        """Of some windows."""
        return Target(classes=self.classes, value=self.value[rows])

    def score(self, given: Array) -> Array:
        """Judge what a head gave, `(n, width)`: 1 for the right class, or the absolute error."""
        if self.classes:
            return np.asarray(given.argmax(axis=1) == self.kinds, dtype=np.float64)
        return np.asarray(np.abs(given[:, 0] - self.value))

    def loss(self, given: Array) -> float:
        """What is made small on windows kept back: mean cross entropy, or squared error."""
        if not self.classes:
            return float(((given[:, 0] - self.value) ** 2).mean())
        top = given.max(axis=1, keepdims=True)
        logs = given - top - np.log(np.exp(given - top).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(given)), self.kinds].mean())
