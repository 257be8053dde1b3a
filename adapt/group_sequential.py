"""`boundaries`: how large a t statistic must be at each of several looks at growing data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PATHS = 200_000
"""Simulated trials without a difference; each look's boundary rests on over a thousand of them."""
BATCH = 20_000
"""Of them, how many at a time."""


def boundaries(looks: Sequence[int], alpha: float) -> Array:
    """Return `c` `(looks,)` so that, without a difference, some `|t_k| > c_k` with chance `alpha`.

    With `n_k` paired differences of mean `m` and standard deviation `s` at look `k`, the statistic
    is `t_k = m sqrt(n_k) / s`. Of `alpha`, `alpha n_k / n_K` is spent by look `k`: the first look
    that finds something counts, and looking again and again costs no more than that. The boundary
    of each look is the quantile, among simulated trials of Gaussian differences that no earlier
    look has ended, that spends its share; so it holds at few pairs and with an unknown spread.

    Args:
        looks: how many differences there are at each look, growing, the first at least 2.
        alpha: chance of crossing any boundary, on either side, if there is no difference.

    Source: Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70
    (1983), 659 (spending), with their linear spending function; Shao and Feng, "Group sequential
    t-test for clinical trials with small sample sizes across stages", Contemporary Clinical Trials
    28 (2007), 563 (boundaries of t statistics by simulation).
    """
    statistics = np.abs(_statistics(looks))
    alive = np.ones(len(statistics), dtype=np.bool_)
    found = []
    spent = 0.0
    for k, n in enumerate(looks):
        share = alpha * n / looks[-1] - spent
        spent += share
        now = np.sort(statistics[alive, k])
        ends = max(1, round(share * PATHS))
        found.append(float(now[-ends]))
        alive &= statistics[:, k] < found[-1]
    return np.array(found)


def _statistics(looks: Sequence[int]) -> Array:
    """The t statistic of each simulated trial at each look, `(PATHS, looks)`."""
    rng = np.random.default_rng(0)
    n = np.array(looks)
    found = []
    for _ in range(PATHS // BATCH):
        draws = rng.standard_normal((BATCH, looks[-1]))
        total = draws.cumsum(axis=1)[:, n - 1]
        squares = (draws * draws).cumsum(axis=1)[:, n - 1]
        spread = np.sqrt((squares - total * total / n) / (n - 1))
        found.append(total / np.sqrt(n) / spread)
    return np.concatenate(found)
