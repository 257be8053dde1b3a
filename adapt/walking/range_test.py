"""`range_test`: could this log be of a robot from the ranges of pretraining?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.gait_window import SECONDS, SETTLED, columns, gait_windows
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import ACTION, Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

SENSED = ("imu_gyro", "imu_gravity", "posture", "joint_velocity", "joint_current")
"""Signals whose next value a linear model foretells."""
SHRINKAGE = 0.5
"""Share of the identity in a covariance of standardized features."""

WELL_TOLD = 0.7
"""Width of a reading, as a share of the prior's, below which it is looked at."""


@dataclass(frozen=True, kw_only=True)
class RangeConfig:
    """How a log is compared with robots of pretraining."""

    robots: int = 79
    """Robots of pretraining that walk the log's plans; 79 make the smallest p-value 3/80."""
    teachers: int = 16
    """Further ones that the one-step model is fitted to."""
    alarm: float = 0.05
    """Rate at which logs of robots from the ranges of pretraining may raise an alarm."""
    seed: int = 51_000
    """Seed of the robots."""


@dataclass(frozen=True, kw_only=True)
class RangeTest:
    """How unusual a log is among walks of robots from the ranges of pretraining."""

    trunk: float
    """P-value of the policy's trunk features."""
    residual: float
    """P-value of the residuals of one-step prediction."""
    reading: float
    """P-value of the number that the estimator reads most unusually."""
    alarm: float
    """Rate of false alarms that was asked for."""

    @property
    def p(self) -> float:
        """P-value of all together (Bonferroni)."""
        return min(1.0, 3.0 * min(self.trunk, self.residual, self.reading))

    @property
    def outside(self) -> bool:
        """Whether the log is not of a robot that pretraining prepared for."""
        return self.p <= self.alarm

    def __str__(self) -> str:
        where = "not of" if self.outside else "like those of"
        return (
            f"the walk is {where} robots from the ranges of pretraining (p = {self.p:.3f}; trunk "
            f"features {self.trunk:.3f}, one-step residuals {self.residual:.3f}, parameters as the "
            f"estimator reads them {self.reading:.3f})"
        )


def range_test(
    bundle: Bundle,
    task: Task,
    walks: Sequence[Walk],
    estimator: Estimator,
    config: RangeConfig,
) -> RangeTest:
    """Rank a log among robots of pretraining that walk the same plans under the same policy.

    They are drawn as the prior draws those of pretraining, and nobody pushes them. Each
    statistic is a distance from the mean of all, the log among them: Mahalanobis's of features, and
    of what the estimator reads, the largest of one number, since few are far off. Were the log of
    such a robot, its rank would be any with equal probability, so that the p-value
    `(1 + #{distance >= log's}) / (1 + robots)` needs no model of the features.

    Source: the rank p-value of Vovk, Gammerman and Shafer, "Algorithmic learning in a random
    world", 2005, section 2.2 (conformal prediction).
    """
    world, everyone = Simulation(bundle.spec, 1), config.robots + config.teachers
    trained = Randomization.from_json(bundle.randomization)
    still = Randomization(terms=tuple(t for t in trained.terms if t.mode != "interval"))
    known = WalkerPrior(wide=still, trained=still)
    dice = Dice(config.seed, everyone, purpose="range")
    units = known.draw(world, dice, far=0.0)
    begin = round(SETTLED * bundle.spec.rate)
    length = round(SECONDS * bundle.spec.rate)
    trunk, residual, windows = [], [], []
    for index, walk in enumerate(walks):
        cast = Cast(
            source=Crowd(ranges=still, units=units),
            robots=everyone,
            ticks=len(walk.seen),
            seed=config.seed + index,
            plans=walk.plan[None],
        )
        found, _ = watch(bundle, task, cast)
        rows = np.concatenate([found.observation, walk.observation[None]])[:, begin:]
        seen = np.concatenate([found.seen, walk.seen[None]])[:, begin:]
        trunk.append(_trunk(bundle, rows)[config.teachers :])
        residual.append(_residuals(bundle, seen, config.teachers))
        if seen.shape[1] >= length:
            windows.append(gait_windows(sight(bundle), seen[config.teachers :], length))
    return RangeTest(
        trunk=rank(np.mean(trunk, axis=0)),
        residual=rank(np.mean(residual, axis=0), upwards=True),
        reading=_reading(estimator, np.concatenate(windows, axis=1)) if windows else 1.0,
        alarm=config.alarm,
    )


def rank(features: Array, upwards: bool = False) -> float:
    """P-value of the last of `n` rows of features among all of them.

    Args:
        features: `(n, k)`.
        upwards: whether only what is larger than the mean is unusual.
    """
    spread = features.std(axis=0)
    moved = features[:, spread > 1e-9]
    x = (moved - moved.mean(axis=0)) / spread[spread > 1e-9]
    x = np.maximum(x, 0.0) if upwards else x
    covariance = (1.0 - SHRINKAGE) * (x.T @ x) / len(x) + SHRINKAGE * np.eye(x.shape[1])
    distance = (x * np.linalg.solve(covariance, x.T).T).sum(axis=1)
    return float((distance >= distance[-1]).mean())


def most_unusual(numbers: Array) -> float:
    """P-value of the last of `n` rows by its number that is farthest from the mean, `(n, k)`."""
    off = np.abs(numbers - numbers.mean(axis=0)) / (numbers.std(axis=0) + 1e-9)
    largest = off.max(axis=1)
    return float((largest >= largest[-1]).mean())


def _reading(estimator: Estimator, windows: Floats) -> float:
    """P-value of the last of `n` robots by what an estimator reads well of them."""
    mean, sd = estimator.read(windows)
    told = sd.mean(axis=0) < WELL_TOLD * estimator.prior[1]
    return most_unusual(mean[:, told]) if told.any() else 1.0


def _trunk(bundle: Bundle, observation: NDArray[np.float32]) -> Array:
    """Mean and deviation of what the last trunk layer makes of each robot's walk, `(n, 2 w)`."""
    parts = []
    for robot in observation:
        active = bundle.policy.activations(robot)[-1].astype(np.float64)
        parts.append(np.concatenate([active.mean(axis=0), active.std(axis=0)]))
    return np.stack(parts)


def _residuals(bundle: Bundle, seen: NDArray[np.float32], teachers: int) -> Array:
    """Log size of each sensed signal's one-step residual, of all but the teachers, `(n, k)`."""
    where = columns(sight(bundle))
    sensed = np.concatenate([np.arange(seen.shape[2])[where[n]] for n in SENSED if n in where])
    acted = np.arange(seen.shape[2])[where[ACTION]]
    now, after = seen[:, :-1].astype(np.float64), seen[:, 1:, sensed].astype(np.float64)
    given = np.concatenate([now, seen[:, 1:, acted], np.ones((*now.shape[:2], 1))], axis=2)
    x = given[:teachers].reshape(-1, given.shape[2])
    y = after[:teachers].reshape(-1, len(sensed))
    gram = x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1])
    model = np.linalg.solve(gram, x.T @ y)
    left = after[teachers:] - given[teachers:] @ model
    return np.asarray(np.log((left**2).mean(axis=1) + 1e-12))
