"""`range_test`: could this log be of a robot from the ranges of pretraining?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.gait_window import SETTLED, columns
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import ACTION, Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]

SENSED = ("imu_gyro", "imu_gravity", "posture", "joint_velocity", "joint_current")
"""Signals whose next value a linear model foretells."""
SHRINKAGE = 0.5
"""Share of the identity in a covariance of standardized features."""


@dataclass(frozen=True, kw_only=True)
class RangeConfig:
    """How a log is compared with robots of pretraining."""

    robots: int = 79
    """Robots of pretraining that walk the log's plans; 79 make the smallest p-value 1/80."""
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
    alarm: float
    """Rate of false alarms that was asked for."""

    @property
    def p(self) -> float:
        """P-value of both together (Bonferroni)."""
        return min(1.0, 2.0 * min(self.trunk, self.residual))

    @property
    def outside(self) -> bool:
        """Whether the log is not of a robot that pretraining prepared for."""
        return self.p <= self.alarm

    def __str__(self) -> str:
        where = "not of" if self.outside else "like those of"
        return (
            f"the walk is {where} robots from the ranges of pretraining (p = {self.p:.3f}; trunk "
            f"features {self.trunk:.3f}, one-step residuals {self.residual:.3f})"
        )


def range_test(
    bundle: Bundle, task: Task, walks: Sequence[Walk], prior: WalkerPrior, config: RangeConfig
) -> RangeTest:
    """Rank a log among robots of pretraining that walk the same plans under the same policy.

    They are drawn as the prior draws those of pretraining, and nobody pushes them. Each
    statistic is a Mahalanobis distance from the mean of all, the log among them. Were the log
    of such a robot, its rank would be any with equal probability, so that the p-value
    `(1 + #{distance >= log's}) / (1 + robots)` needs no model of the features.

    Source: the rank p-value of Vovk, Gammerman and Shafer, "Algorithmic learning in a random
    world", 2005, section 2.2 (conformal prediction).
    """
    world, everyone = Simulation(bundle.spec, 1), config.robots + config.teachers
    still = Randomization(terms=tuple(t for t in prior.trained.terms if t.mode != "interval"))
    known = WalkerPrior(wide=still, trained=still)
    dice = Dice(config.seed, everyone, purpose="range")
    units = known.draw(world, dice, far=0.0)
    begin = round(SETTLED * bundle.spec.rate)
    trunk, residual = [], []
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
    return RangeTest(
        trunk=rank(np.mean(trunk, axis=0)),
        residual=rank(np.mean(residual, axis=0), upwards=True),
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
