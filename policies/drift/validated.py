"""`watch_of`: simulate the robots that a policy was validated for, and learn how they behave."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.drift.charts import ChartConfig, draw_charts
from ashore.policies.drift.sessions import Sessions, simulate
from ashore.policies.drift.watch import Watch, squares

Array = NDArray[np.float64]

AXES = "xyz"


@dataclass(frozen=True, kw_only=True)
class DriftConfig:
    """How long the robots are watched, and when something is unusual."""

    robots: int = 192
    """How many robots."""
    seconds: float = 60.0
    """For how long each, at least [s]."""
    settle: float = 1.0
    """Time after an episode's start that is not looked at [s]."""
    clip: float = 3.0
    """Largest error of one step, in parts of what is usual: a push is no drift."""
    least: float = 0.3
    """Share of its mean size below which an error never counts as unusual."""
    ridge: float = 1e-3
    """Penalty on the model's weights, in parts of each input's variance."""
    thinning: int = 4
    """Of so many steps one is used for the model."""
    charts: ChartConfig = field(default_factory=ChartConfig)
    """How the errors are judged."""
    seed: int = 70_000
    """Seed of the robots, their commands and their noise."""


def watch_of(bundle: Bundle, source: Source, config: DriftConfig | None = None) -> Watch:
    """Learn how robots from `source` behave under a bundle's policy.

    Args:
        bundle: the policy.
        source: the robots that it was validated for: what it was trained over, or the posterior
            that its candidate was judged on, mixed with it.
        config: how long, and how strict.
    """
    config = config or DriftConfig()
    task = make_task(bundle.contract.task, bundle.spec)
    episodes = math.ceil(config.seconds / task.episode)
    seen = simulate(bundle, task, source, config.robots, episodes, config.seed)
    looked = seen.alive & (seen.elapsed[:, None] >= config.settle)
    looked[0] = False
    rows = looked & (np.arange(len(looked))[:, None] % config.thinning == 0)
    predictor, error = _predict(seen, rows, config.ridge)
    usual, floor, unusual = _usual(seen, error, rows, config)
    mean = unusual[rows].mean(axis=0)
    charts = draw_charts(unusual - mean, looked, bundle.spec.rate, config.charts)
    return Watch(
        contract=bundle.contract.hash,
        rate=bundle.spec.rate,
        settle=config.settle,
        clip=config.clip,
        sensed=seen.names[0],
        asked=seen.names[1],
        labels=tuple(_labels(bundle.spec, seen.names[0])),
        predictor=predictor,
        usual=usual,
        floor=floor,
        mean=mean,
        tau=np.array(config.charts.tau),
        whitening=charts.whitening,
        deviation=charts.deviation,
        threshold=charts.threshold,
    )


def _predict(
    seen: Sessions, rows: NDArray[np.bool_], ridge: float
) -> tuple[Array, NDArray[np.float32]]:
    """Model of one step, and its error at every step, `(T, n, k)`; the first has none."""
    one = np.ones((*seen.asked.shape[:2], 1), np.float32)
    known = np.concatenate([one, seen.asked, seen.sensed, seen.action], axis=2)
    before = np.roll(rows, -1, axis=0)
    predictor = _fit(known[before], seen.sensed[rows], ridge)
    error = np.zeros_like(seen.sensed)
    for tick in range(1, len(error)):
        error[tick] = seen.sensed[tick] - known[tick - 1] @ predictor
    return predictor, error


def _usual(
    seen: Sessions, error: NDArray[np.float32], rows: NDArray[np.bool_], config: DriftConfig
) -> tuple[Array, Array, NDArray[np.float32]]:
    """Size of the error under each command, its least, and the error in parts of it."""
    size = np.abs(error[rows])
    usual = _fit(squares(seen.asked[rows].astype(np.float64)), size, config.ridge)
    floor = config.least * size.mean(axis=0).astype(np.float64) + 1e-9
    unusual = np.zeros_like(error)
    for tick, asked in enumerate(seen.asked):
        expected = np.maximum(squares(asked.astype(np.float64)) @ usual, floor)
        unusual[tick] = np.clip(error[tick] / expected, -config.clip, config.clip)
    return usual, floor, unusual


def _fit(known: NDArray[np.floating], wanted: NDArray[np.floating], ridge: float) -> Array:
    """Weights of a ridge regression, `(p, k)`; the first input is one, and is not penalised."""
    x, y = known.astype(np.float64), wanted.astype(np.float64)
    penalty = ridge * len(x) * (x.var(axis=0) + 1e-9)
    return np.asarray(np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ y))


def _labels(spec: RobotSpec, sensed: Sequence[str]) -> list[str]:
    """What each number of the sensed signals is, for people."""
    found = []
    for name in sensed:
        of = AXES if name.startswith("imu_") else spec.names
        found += [f"{name.replace('_', ' ')} of {element}" for element in of]
    return [
        label.replace("imu gyro of", "gyro about").replace("imu gravity of", "gravity along")
        for label in found
    ]
