"""`conditioned`: a belief that agrees with one more thing that was measured of a walk."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.ridge_regression import ridge_regression

Array = NDArray[np.float64]

RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0)
"""Weights of the ridge that are tried, on standardized numbers."""
SURE = 3.0
"""Standard errors that a number's weight must exceed; others have nothing to do with it."""
SURPRISE = 3.0
"""Deviations beyond which a measurement that was not expected counts as no further away."""


def conditioned(belief: Belief, numbers: Array, seen: Array, here: float) -> Belief:
    """Condition a belief on what was measured, and what the same measures of simulated robots.

    With a measurement `y = a + h z + e` of numbers `z`, fitted to the robots by ridge regression,
    and `r` the variance of `e` on robots left out, the belief `(m, P)` becomes
    `m + P h (y* - a - h m) / (h P h + r)` and `P - P h h P / (h P h + r)`.

    Args:
        belief: of `k` numbers.
        numbers: those of simulated robots, `(n, k)`.
        seen: what was measured of each, `(n,)`.
        here: what was measured of the log.

    Source: Evensen 1994, "Sequential data assimilation with a nonlinear quasi-geostrophic model",
    J. Geophys. Res. 99, section 4; the sensitivity is that of a regression, as in ensemble methods.
    """
    middle, scale = numbers.mean(axis=0), numbers.std(axis=0) + 1e-9
    x, y = (numbers - middle) / scale, seen - seen.mean()
    tried = (ridge_regression(x, y, np.full(x.shape[1], weight)) for weight in RIDGES)
    weights, _, noise = min(tried, key=lambda found: found[2])
    sure = np.abs(weights) > SURE * (noise / len(y)) ** 0.5
    slope = np.where(sure, weights, 0.0) / scale
    through = belief.covariance @ slope
    variance = float(slope @ through) + noise
    surprise = here - float(seen.mean() + slope @ (belief.mean - middle))
    most = SURPRISE * variance**0.5
    gain = through / variance
    return replace(
        belief,
        mean=np.clip(belief.mean + gain * np.clip(surprise, -most, most), 0.0, 1.0),
        covariance=belief.covariance - np.outer(gain, through),
    )
