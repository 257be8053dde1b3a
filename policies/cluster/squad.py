"""`Squad`: some of a training's robots, which act where they are by a copy of the actor."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.coverage import Coverage
from ashore.envs.dice import Dice
from ashore.envs.snapshot import restore, snapshot
from ashore.hardware.contract import Contract
from ashore.policies.cluster.parcel import Parcel
from ashore.policies.learners.actor_critic import ActorCritic
from ashore.policies.learners.exploring import PURPOSE, explore, gather
from ashore.policies.lesson import Lesson
from ashore.policies.provenance import versions
from ashore.policies.train import told
from ashore.policies.train_config import TrainConfig

Weights = Mapping[str, NDArray[Any]]
EXPLORED, SEEN = "squad/explored", "squad/seen"
APART = 7_919
"""What is added to the seed of those who come in the place of a squad that died, each time."""


@dataclass(frozen=True, kw_only=True)
class SquadPlan:
    """Which robots a squad has, and what they learn."""

    lesson: Lesson
    """What is trained."""
    contract: Contract
    """With its normaliser."""
    config: TrainConfig
    """How."""
    first: int
    """Number of its first robot."""
    robots: int
    """How many it has."""
    threads: int
    """Threads that step them."""


class Squad:
    """Robots in the middle of their episodes."""

    def __init__(self, plan: SquadPlan, generation: int = 0) -> None:
        """Make them, at no moment of any episode yet.

        Args:
            plan: which.
            generation: how many were there before that died; these are others than those were.
        """
        torch.set_num_threads(1)
        config, seed = plan.config, plan.config.seed + APART * generation
        self._env = plan.lesson.env(
            plan.contract, plan.robots, seed, first=plan.first, threads=plan.threads
        )
        # As Stable-Baselines3 does with the robots of a learner.
        self._env.seed(seed)
        self.policy = acting(self._env, plan.contract, config)
        self._dice = Dice(seed, plan.robots, plan.first, PURPOSE)
        self._seen: NDArray[np.float32] = np.zeros((plan.robots, 0), np.float32)

    def hello(self) -> dict[str, Any]:
        """Versions here, and the spaces of observations and actions."""
        spaces = {"seen": self._env.observation_space, "done": self._env.action_space}
        return {"versions": versions(), **spaces}

    def begin(self) -> NDArray[np.float32]:
        """Begin an episode on every robot; the wide observations `(n, k)`."""
        self._seen = np.asarray(self._env.reset())
        return self._seen

    def gather(self, weights: Weights, ticks: int) -> Parcel:
        """Act by an actor's weights for some ticks, exploring."""
        told = {name: torch.from_numpy(np.array(each)) for name, each in weights.items()}
        self.policy.load_state_dict(told, strict=False)
        act = partial(explore, self.policy, self._dice)
        now = torch.from_numpy(self._seen)
        found = gather(self._env, act, now, ticks, lambda _: True)
        if found is None:
            raise RuntimeError("nobody asked the robots to stop")
        self._seen = found.final.numpy()
        return Parcel.of(found)

    def survey(self) -> Coverage:
        """What its robots were asked and were so far, without the robots themselves."""
        found: Coverage = self._env.env_method("survey")[0]
        return found.alone()

    def broken(self) -> int:
        """How many exploded."""
        return int(self._env.get_attr("broken")[0])

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that they are in the middle of, as arrays."""
        return {**snapshot(self._env), EXPLORED: self._dice.counts, SEEN: self._seen}

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> bool:
        """Put them where a snapshot was taken; whether their episodes go on.

        Raises:
            EnvsError: it is of other robots.
        """
        robots = {path: each for path, each in kept.items() if path not in (EXPLORED, SEEN)}
        going = restore(self._env, robots)
        self._dice.counts = kept[EXPLORED]
        self._seen = np.array(kept[SEEN]) if going else np.asarray(self._env.reset())
        return going


def acting(env: VecEnv, contract: Contract, config: TrainConfig) -> ActorCritic:
    """Networks to act by, which are given a learner's weights and learn nothing."""
    shape = config.network.shape(contract, told(env, contract))
    return ActorCritic(env.observation_space, env.action_space, lambda _: 0.0, shape)


def actor_state(policy: ActorCritic) -> dict[str, NDArray[Any]]:
    """The weights that robots act by: encoder, actor and spread, without critic and decoder."""
    state = policy.state_dict().items()
    return {
        name: each.detach().numpy()
        for name, each in state
        if not name.startswith(("critic.", "decoder."))
    }
