"""`Watch`: how the robots behave that a policy was validated for, as its bundle keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.storage.strict_json import read_json, write_json

Array = NDArray[np.float64]

ATTACHMENT = "drift.json"
"""Name of the attachment that holds it."""
SENSED = ("imu_gyro", "imu_gravity", "joint_position", "joint_velocity", "joint_current")
"""Signals that are predicted, as far as a robot has them."""
LARGEST = 4_096
"""Most numbers that are predicted, or predicted from."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A linear model of one control step, how far it is off, and which error is too much.

    From what is sensed, `s` `(k,)`, what is asked for, `e`, and the action `a`, the next step is

        s' = (1, e, s, a) W + r,   n = clip(r / max((1, e, e e') V, floor), -clip, clip) - mean

    so that `n` is the error in parts of what is usual under this command. Each chart `j` smooths
    `n` over its time `tau_j` and measures how unusual that is among validated robots,

        z <- z + (n - z) / (rate tau_j),   d_j = |L_j z|

    A fast chart sees a leg that fails, and a slow one a load that is a little too heavy.

    Source: Lowry et al., "A multivariate exponentially weighted moving average control chart",
    Technometrics 34 (1992), 46.
    """

    contract: str
    """Hash of the contract that it was made under."""
    rate: float
    """Control steps per second [Hz]."""
    settle: float
    """Time after an episode's start that is not looked at [s]."""
    clip: float
    """Largest error of one step, in parts of what is usual."""
    sensed: tuple[str, ...]
    """Signals that make up `s`."""
    asked: tuple[str, ...]
    """Signals that make up `e`: those that the plan and the clock alone decide."""
    labels: tuple[str, ...]
    """What each number of `s` is, for people."""
    predictor: Array
    """`W`, `(1 + e + k + a, k)`."""
    usual: Array
    """`V`, `(1 + e + e (e + 1) / 2, k)`: mean size of the error under a command."""
    floor: Array
    """Smallest usual error, `(k,)`."""
    mean: Array
    """Mean of `n` before it is subtracted, `(k,)`."""
    tau: Array
    """Smoothing time of each chart, `(c,)` [s]."""
    whitening: Array
    """`L`, `(c, k, k)`, lower triangular."""
    deviation: Array
    """Standard deviation of `z` among validated robots, `(c, k)`."""
    threshold: Array
    """Largest `d` of each chart, `(c,)`."""

    def to_bytes(self) -> bytes:
        """JSON, as `from_bytes` reads it."""
        return write_json(
            {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in vars(self).items()
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "Watch":
        """Read a watch back.

        Raises:
            BundleError: it is not one, or its parts do not fit together.
        """
        try:
            watch = cls(**_typed(read_json(content)))
            fits = watch._fits()
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise BundleError(f"{ATTACHMENT} is no drift watch: {error}") from None
        if not fits:
            raise BundleError(f"{ATTACHMENT} has parts of sizes that do not fit together")
        return watch

    def _fits(self) -> bool:
        k, charts = len(self.labels), len(self.tau)
        arrays = [value for value in vars(self).values() if isinstance(value, np.ndarray)]
        shapes = (
            (self.floor.shape, (k,)),
            (self.mean.shape, (k,)),
            (self.predictor.shape, (len(self.predictor), k)),
            (self.usual.shape, (len(self.usual), k)),
            (self.whitening.shape, (charts, k, k)),
            (self.deviation.shape, (charts, k)),
            (self.threshold.shape, (charts,)),
        )
        return (
            0 < k <= LARGEST
            and len(self.predictor) <= LARGEST
            and all(found == wanted for found, wanted in shapes)
            and all(bool(np.isfinite(array).all()) for array in arrays)
            and bool((self.floor > 0.0).all() and (self.deviation > 0.0).all())
            and min(self.rate, self.clip, *self.tau.tolist()) > 0.0
        )


def squares(e: Array) -> Array:
    """`(1, e, e e')` of `e` `(..., m)`, each product once: `(..., 1 + m + m (m + 1) / 2)`."""
    rows, columns = _pairs(e.shape[-1])
    one = np.ones((*e.shape[:-1], 1))
    return np.concatenate([one, e, e[..., rows] * e[..., columns]], axis=-1)


@cache
def _pairs(m: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = np.triu_indices(m)
    return rows, columns


def watch_in(bundle: Bundle) -> Watch | None:
    """The watch that a bundle carries; None if it has none.

    Raises:
        BundleError: it is damaged, or was made under another contract.
    """
    if ATTACHMENT not in bundle.attachments:
        return None
    watch = Watch.from_bytes(bundle.attachments[ATTACHMENT])
    if watch.contract != bundle.contract.hash:
        raise BundleError(
            f"{ATTACHMENT} was made under contract {watch.contract} and the bundle's is "
            f"{bundle.contract.hash}; make it again"
        )
    return watch


def with_watch(bundle: Bundle, watch: Watch) -> dict[str, bytes]:
    """Attachments of `bundle` with a watch among them."""
    return {**bundle.attachments, ATTACHMENT: watch.to_bytes()}


def _typed(table: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a watch as their types; what is missing or too much is refused by the class."""
    kinds = {field.name: field.type for field in fields(Watch)}
    return {name: _as(kinds.get(name), value) for name, value in table.items()}


def _as(kind: object, value: Any) -> Any:
    if kind is float:
        return float(value)
    if kind is str:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")
        return value
    if kind == tuple[str, ...]:
        return _texts(value)
    return np.array(value, dtype=np.float64)


def _texts(value: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"{value!r} is no list of texts")
    return tuple(str(text) for text in value)
