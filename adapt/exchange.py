"""`Exchange`: what robots' policies earn on one another."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.examine import examine
from ashore.adapt.fitted import Stage
from ashore.adapt.gate import GateConfig
from ashore.adapt.lineage import read_posterior
from ashore.adapt.verdict import Answer
from ashore.envs.evaluate import Course
from ashore.envs.tasks import make_task
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Served:
    """Robots that one policy serves as well as their own."""

    whose: str
    """The robot whose policy it is."""
    robots: tuple[str, ...]
    """Those that it serves, that one among them."""
    most: float
    """Most that one of them loses [reward per step]."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What every robot's policy earns on robots like each of `n` robots.

    A robot's policy is its candidate where the gate let it pass, and else the base policy.
    """

    names: tuple[str, ...]
    """The robots."""
    tuned: tuple[str, ...]
    """Those of them that have a candidate of their own."""
    reward: Array
    """Reward per step on robots like that of the row, of the policy of the column's, `(n, n)`."""
    least: float
    """Reward per step that is worth a policy of one's own."""

    @property
    def loss(self) -> Array:
        """What robots like that of the row lose under the column's policy, `(n, n)`."""
        return np.asarray(np.diag(self.reward)[:, None] - self.reward)

    @property
    def served(self) -> tuple[Served, ...]:
        """The fewest policies that were found to serve all, each for those that lose too little.

        The policy that serves most of the robots that are left comes next; of equal ones, that
        under which they lose least.
        """
        left, found = list(range(len(self.names))), []
        while left:
            loss = self.loss[left]
            well = loss <= self.least
            worst = np.where(well, loss, 0.0).max(axis=0)
            best = min(left, key=lambda k: (-int(well[:, k].sum()), float(worst[k])))
            taken = [row for row, fits in zip(left, well[:, best], strict=True) if fits]
            found.append(
                Served(
                    whose=self.names[best],
                    robots=tuple(self.names[row] for row in taken),
                    most=max(0.0, float(worst[best])),
                )
            )
            left = [row for row in left if row not in taken]
        return tuple(found)


def exchange(
    base: Bundle, robots: Mapping[str, Bundle], config: GateConfig, stage: Stage
) -> Exchange:
    """Let every policy drive robots like each; seeds pair what stands in one row.

    Args:
        base: what all were adapted from.
        robots: the judged bundles, each with a posterior, by the robot's name.
        config: how many robots, for how long, and what gain is worth a change.
        stage: told how far it is.

    Raises:
        AdaptError: a posterior is not one.
    """
    names = tuple(robots)
    own = {
        name: bundle.actor
        for name, bundle in robots.items()
        if (bundle.verdict or {}).get("answer") == Answer.IMPROVED.value
    }
    task = make_task(base.contract.task, base.spec)
    reward = np.zeros((len(names), len(names)))
    for row, name in enumerate(names):
        course = Course(
            spec=base.spec,
            task=task,
            source=read_posterior(robots[name].posterior or ""),
            robots=config.robots,
            seed=config.seed,
            seconds=config.seconds,
        )

        def earned(actor: Weights, course: Course = course) -> float:
            return float(examine(base, actor, course).reward.mean())

        unadapted = earned(base.actor)
        for column, other in enumerate(names):
            stage("exchanging policies", (row + column / len(names)) / len(names))
            reward[row, column] = earned(own[other]) if other in own else unadapted
    stage("exchanging policies", 1.0)
    return Exchange(names=names, tuned=tuple(own), reward=reward, least=config.least_gain)
