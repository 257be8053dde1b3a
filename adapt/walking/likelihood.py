"""`Likelihood`: what a regression on simulated robots tells of numbers that a walk was read for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, truncnorm

from ashore.adapt.walking.prior import FAR
from ashore.adapt.walking.ridge_regression import ridge_regression

Array = NDArray[np.float64]

NARROWEST = 1e-3
"""Least width of what is known of a number in its wide range."""
TINY = 1e-30
"""What keeps two impossibilities comparable."""


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """Normal likelihoods of `m` numbers in their wide ranges, 0..1."""

    rows: NDArray[np.intp]
    """Which of those looked at they are, `(m,)`."""
    mean: Array
    """Where they lie, `(m,)`."""
    sd: Array
    """How wide they are, `(m,)`."""
    correlation: Array
    """How their errors go together, `(m, m)`."""

    def posterior(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Means `(m,)` and covariance `(m, m)` where each number is a spike or a slab.

        It is uniform within the range of pretraining, from `low` to `high`, or with probability
        `FAR` within the wide one; what either makes of the likelihood says which. Mean and variance
        are those of the mixture.
        """
        high = np.maximum(high, low + NARROWEST)
        parts = [
            ((1.0 - FAR) / (high - low), self._within(low, high)),
            (np.full_like(low, FAR), self._within(np.zeros_like(low), np.ones_like(high))),
        ]
        weight = np.stack([density * mass for density, (mass, _, _) in parts]) + TINY
        share = weight / weight.sum(axis=0)
        means, deviations = (np.stack([part[1][i] for part in parts]) for i in (1, 2))
        mean = (share * means).sum(axis=0)
        sd = np.sqrt((share * (deviations**2 + means**2)).sum(axis=0) - mean**2)
        return mean, self.correlation * np.outer(sd, sd)

    def _within(self, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """Mass, mean and deviation of each likelihood between two ends."""
        ends = (low - self.mean) / self.sd, (high - self.mean) / self.sd
        cut = truncnorm(*ends, loc=self.mean, scale=self.sd)
        return norm.cdf(ends[1]) - norm.cdf(ends[0]), cut.mean(), np.maximum(cut.std(), NARROWEST)


def regressed(z: Array, s: Array, here: Array, ridge: float, explained: float) -> Likelihood:
    """Regress each number on all readings, its own without a ridge.

    What it says of the reading `here` is what it says under the robots that it was fitted to; their
    own distribution is taken out of it.

    Args:
        z: true numbers of robots, `(n, k)`.
        s: what was read of them, `(n, k)`.
        here: what was read of the log, `(k,)`.
        ridge: weight of the ridge on the standardized readings of other numbers.
        explained: share of a number's variance that must be foretold of robots left out; of the
            others nothing is told.
    """
    size = z.shape[1]
    middle, scale = s.mean(axis=0), s.std(axis=0) + 1e-9
    x, at = (s - middle) / scale, (here - middle) / scale
    centre, spread = z.mean(axis=0), z.var(axis=0) + 1e-12
    rows, mean, sd, left = [], [], [], []
    for k in range(size):
        y = z[:, k] - centre[k]
        penalty = np.where(np.arange(size) == k, 1e-9, ridge)
        weights, error, variance = ridge_regression(x, y, penalty)
        if variance > (1.0 - explained) * spread[k]:
            continue
        precision = 1.0 / variance - 1.0 / spread[k]
        foretold = centre[k] + at @ weights
        rows.append(k)
        mean.append((foretold / variance - centre[k] / spread[k]) / precision)
        sd.append(precision**-0.5)
        left.append(error)
    return Likelihood(
        rows=np.array(rows, dtype=np.intp),
        mean=np.array(mean),
        sd=np.array(sd),
        correlation=np.atleast_2d(np.corrcoef(left)) if left else np.zeros((0, 0)),
    )
