"""`fit_linear`: a linear head on features, ridge or logistic, its weight's price chosen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ashore.adapt.probe.folds import folds
from ashore.adapt.probe.pooling import standardised
from ashore.adapt.probe.target import Target

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

PRICES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Prices of a squared weight that are tried."""
ITERATIONS = 300
"""Iterations of the logistic fit, at most."""
NARROWEST = 1e-6
"""Spread below which a feature counts as constant."""


@dataclass(frozen=True, kw_only=True)
class LinearHead:
    """Features, standardised, times a matrix."""

    mean: Array
    """Of each feature where it was learned, `(f,)`."""
    spread: Array
    """Standard deviation of each feature there, `(f,)`."""
    weight: Array
    """`(f, width)`."""
    bias: Array
    """`(width,)`."""

    def __call__(self, features: Array) -> Array:
        """What it gives for features `(n, f)`: scores of classes or the number, `(n, width)`."""
        given = standardised(features, self.mean, self.spread) @ self.weight + self.bias
        return np.asarray(given)


def fit_linear(features: Array, target: Target, group: Ids) -> LinearHead:
    """Fit to windows `(n, f)`, at the price that does best on groups it did not see."""
    fold = folds(target.kinds, group)
    losses = np.zeros(len(PRICES))
    for each in np.unique(fold):
        seen, kept = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
        judged = target.take(kept)
        heads = (_fit(features[seen], target.take(seen), price) for price in PRICES)
        losses += [len(kept) * judged.loss(head(features[kept])) for head in heads]
    return _fit(features, target, PRICES[int(losses.argmin())])


def _fit(features: Array, target: Target, price: float) -> LinearHead:
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread < NARROWEST, 1.0, spread)
    z = standardised(features, mean, spread)
    solve = _logistic if target.classes else _ridge
    weight, bias = solve(z, target, price)
    return LinearHead(mean=mean, spread=spread, weight=weight, bias=bias)


def _ridge(z: Array, target: Target, price: float) -> tuple[Array, Array]:
    """Minimise `mean |z w + b - y|² / var y + price |w|² / var y`, by the smaller of two systems.

    Source: Hoerl and Kennard, Ridge regression, Technometrics 12(1), 1970; and its dual form.
    """
    middle, y = z.mean(axis=0), target.value[:, None] - target.value.mean()
    x, ridge = z - middle, price * len(z)
    if x.shape[0] < x.shape[1]:
        weight = x.T @ np.linalg.solve(x @ x.T + ridge * np.eye(len(x)), y)
    else:
        weight = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)
    return weight, np.asarray(target.value.mean() - middle @ weight)


def _logistic(z: Array, target: Target, price: float) -> tuple[Array, Array]:
    """Minimise the mean cross entropy plus `price / 2` for each squared weight.

    Source: Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.4.
    """
    n, f = z.shape
    hot = np.eye(target.width)[target.kinds]

    def cost(flat: Array) -> tuple[float, Array]:
        weight, bias = np.split(flat.reshape(f + 1, -1), [f])
        given = z @ weight + bias
        given -= given.max(axis=1, keepdims=True)
        total = np.exp(given).sum(axis=1, keepdims=True)
        off = (np.exp(given) / total - hot) / n
        slope = np.concatenate([z.T @ off + price * weight, off.sum(axis=0, keepdims=True)])
        entropy = (np.log(total[:, 0]) - given[np.arange(n), target.kinds]).mean()
        return float(entropy + 0.5 * price * (weight**2).sum()), slope.ravel()

    start = np.zeros((f + 1) * target.width)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    weight, bias = np.split(found.x.reshape(f + 1, -1), [f])
    return weight, bias[0]
