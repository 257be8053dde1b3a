"""`pooled`: what a policy's trunk makes of a window, as numbers that a linear head can read."""

import numpy as np
from numpy.typing import NDArray

from ashore.policies.policy import Policy

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

MOMENTS = 3
"""Numbers that are made of each activation."""
REACH = 6.0
"""Standard deviations at which a standardised feature is cut off."""


def pooled(policy: Policy, seen: Floats) -> Array:
    """Moments over time of every activation of the trunk, `(n, 3 w)`.

    With `h(t)`, the activations of all `w` units of the trunk's layers at each tick,

        f = (mean_t h, std_t h, std_t (h(t + 1) - h(t)))

    The last is what tells floors apart: feet that slip and stick show in how fast things change.

    Args:
        policy: whose trunk.
        seen: observations, `(n, ticks, k)`.
    """
    return np.stack([moments(np.concatenate(policy.activations(x), axis=1)) for x in seen])


def moments(values: Floats) -> Array:
    """Mean, spread and spread of the change of the columns of `(ticks, w)`, `(MOMENTS w,)`."""
    wide = values.astype(np.float64)
    change = np.diff(wide, axis=0)
    return np.concatenate([wide.mean(axis=0), wide.std(axis=0), change.std(axis=0)])


def standardised(features: Array, mean: Array | Floats, spread: Array | Floats) -> Array:
    """Features `(n, f)` in units of their spread around their mean, no further than `REACH`."""
    return np.clip((features - mean) / spread, -REACH, REACH)
