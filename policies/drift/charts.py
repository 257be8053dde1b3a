"""`Charts`: which errors are usual among validated robots, and from which on they are not."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

EULER = 0.5772156649
"""Euler's constant: mean of the standard Gumbel distribution."""


@dataclass(frozen=True, kw_only=True)
class Charts:
    """One chart for each smoothing time."""

    whitening: Array
    """`(c, k, k)`, lower triangular."""
    deviation: Array
    """`(c, k)`."""
    threshold: Array
    """`(c,)`."""


@dataclass(frozen=True, kw_only=True)
class ChartConfig:
    """How charts are drawn."""

    tau: tuple[float, ...] = (2.0, 40.0)
    """Smoothing time of each [s]: of the fastest failure, and of the slowest that pays."""
    shrink: float = 0.3
    """Share of each number's own variance that is added to it: directions in which few robots
    differ by next to nothing would otherwise raise all alarms."""
    per_hour: float = 1.0
    """False alarms in an hour of validated robots, all charts together."""
    folds: int = 8
    """Robots are judged by charts of the others, in so many groups."""
    every: float = 1.0
    """Time between two samples of a chart's covariance [s]."""


def draw_charts(unusual: Array, looked: Mask, rate: float, config: ChartConfig) -> Charts:
    """Smooth errors `n` `(T, robots, k)` where they are `looked` at, `(T, robots)`, and judge them.

    A threshold is the value that a robot's largest distance in `T` steps exceeds with the
    probability of `per_hour` false alarms; largest values are Gumbel distributed, fitted by
    moments. Each robot's largest value is measured by a covariance that was not taken of it.

    Source: Gumbel, Statistics of Extremes, 1958, section 6.2.
    """
    hours = float(looked.sum(axis=0).mean()) / rate / 3600.0
    chance = min(0.5, config.per_hour * hours / len(config.tau))
    folds = np.arange(unusual.shape[1]) % config.folds
    found = []
    for tau in config.tau:
        step = max(1, round(config.every * rate))
        begin = min(round(2.0 * tau * rate), len(unusual) // 2)
        samples = np.stack([*_smooth(unusual, looked, rate * tau, step)])[begin // step :]
        largest = np.zeros(unusual.shape[1])
        parts = [_whiten(samples[:, folds != fold], config.shrink) for fold in range(config.folds)]
        for z in _smooth(unusual, looked, rate * tau, max(1, step // 5)):
            for fold, part in enumerate(parts):
                mine = folds == fold
                far = np.sqrt(np.square(z[mine] @ part.T).sum(axis=1))
                largest[mine] = np.maximum(largest[mine], far)
        deviation = np.sqrt(np.square(samples).mean(axis=(0, 1)))
        found.append((_whiten(samples, config.shrink), deviation, gumbel(largest, chance)))
    return Charts(
        whitening=np.stack([part for part, _, _ in found]),
        deviation=np.stack([deviation for _, deviation, _ in found]),
        threshold=np.array([threshold for _, _, threshold in found]),
    )


def gumbel(largest: Array, chance: float) -> float:
    """Value that a largest value exceeds with this chance, by the Gumbel distribution."""
    scale = float(largest.std()) * np.sqrt(6.0) / np.pi
    mode = float(largest.mean()) - EULER * scale
    return float(mode - scale * np.log(-np.log1p(-chance)))


def _smooth(unusual: Array, looked: Mask, steps: float, every: int) -> Iterator[Array]:
    """Smoothed errors `(robots, k)` at every so many steps."""
    z = np.zeros(unusual.shape[1:])
    for tick, (now, on) in enumerate(zip(unusual, looked, strict=True)):
        z += np.where(on[:, None], (now - z) / steps, 0.0)
        if tick % every == 0:
            yield z.copy()


def _whiten(samples: Array, shrink: float) -> Array:
    """Inverse of the Cholesky factor of the covariance about zero of `(..., k)`."""
    flat = samples.reshape(-1, samples.shape[-1])
    covariance = flat.T @ flat / len(flat)
    own = np.diag(covariance)
    covariance = covariance + np.diag(shrink * own + 1e-9)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
