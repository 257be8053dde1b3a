"""`Kind`: whether labels are names to tell apart, or numbers to read."""

from collections.abc import Sequence
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError

Kind = Literal["class", "number"]
Array = NDArray[np.float64]


def kind_of(labels: Sequence[str]) -> Kind:
    """Say `number` if every label is one, else `class`."""
    return "number" if all(map(_is_number, labels)) else "class"


def numbers(labels: Sequence[str]) -> Array:
    """Labels as numbers, `(n,)`.

    Raises:
        AdaptError: one isn't.
    """
    if bad := [label for label in labels if not _is_number(label)]:
        raise AdaptError(
            f"the label {bad[0]!r} is no number; correct it, or give --kind class to tell names "
            "apart"
        )
    return np.array(labels, dtype=np.float64)


def _is_number(label: str) -> bool:
    try:
        return isfinite(float(label))
    except ValueError:
        return False
