"""`GymnasiumLesson`: one of Gymnasium's MuJoCo environments, as something to be learned."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.envs.coverage import Coverage, Quarters
from ashore.envs.evaluate import one_episode
from ashore.envs.gym.contract_vec_env import ContractVecEnv, gymnasium_contract
from ashore.envs.gym.gymnasium_env import NOMINAL, GymnasiumConfig, GymnasiumVecEnv
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.hardware.contract import Contract
from ashore.policies.errors import TrainingError
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.lesson import Act, Examination, normalised
from ashore.policies.train_config import NetworkConfig

EXAMINED = 64
"""Robots of an examination."""
_LOOKED = 64, 200
"""Robots and steps that are looked at before training."""
_FAR = 0.99
"""How far ahead rewards are added up where they are scaled: with this discount."""


@dataclass(frozen=True, kw_only=True)
class GymnasiumLesson:
    """Its own rewards, on robots drawn from a randomization."""

    robot: GymnasiumRobot
    """The environment."""
    randomization: Randomization = field(default_factory=lambda: Randomization(terms=()))
    """What varies from robot to robot."""

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this lesson from others, as JSON takes it."""
        return {"gymnasium": self.robot.name, "arguments": dict(self.robot.arguments)}

    @property
    def outlook(self) -> str:
        """A sentence on what to do with the policy that learned it."""
        return "Its robot exists in simulation only, so that there is nothing to deploy it on."

    def world(self) -> ParameterSet:
        """Make one robot, to see what the randomization does to its parameters."""
        return self._robots(1, 0, NOMINAL).simulation

    def within(self, randomization: Randomization) -> "GymnasiumLesson":
        """Return the same lesson with other ranges."""
        return replace(self, randomization=randomization)

    def _robots(
        self,
        robots: int,
        seed: int,
        source: Source | None = None,
        first: int = 0,
        threads: int = 0,
    ) -> GymnasiumVecEnv:
        config = GymnasiumConfig(
            robots=robots,
            seed=seed,
            first=first,
            threads=threads,
            arguments=self.robot.arguments,
        )
        return GymnasiumVecEnv(self.robot.name, source or self.randomization, config)

    @cached_property
    def _looked(self) -> tuple[Contract, NDArray[np.float32], float]:
        """The bare contract, and observations and the size of rewards under random actions."""
        count, steps = _LOOKED
        robots = self._robots(count, 1)
        contract = gymnasium_contract(robots)
        env, rng = ContractVecEnv(robots, contract), np.random.default_rng(0)
        seen, rewards = [env.reset()], []
        for _ in range(steps):
            action = rng.uniform(-1.0, 1.0, (count, contract.action_size)).astype(np.float32)
            observation, reward, _, _ = env.step(action)
            seen.append(np.asarray(observation))
            rewards.append(reward)
        size = float(np.sqrt(np.mean(np.square(rewards))))
        return contract, np.concatenate(seen), size

    def contract(self, network: NetworkConfig, seed: int) -> Contract:
        """Return the contract, with a normaliser measured under random actions.

        Raises:
            TrainingError: the network wants more of the past than an observation says.
        """
        if network.memory != "none":
            raise TrainingError(
                f"environments of Gymnasium's are learned from what they show, and the network "
                f"asks for {network.memory}; train without --memory"
            )
        contract, seen, _ = self._looked
        return normalised(contract, seen)

    def env(
        self,
        contract: Contract,
        robots: int,
        seed: int,
        source: Source | None = None,
        *,
        first: int = 0,
        threads: int = 0,
    ) -> ContractVecEnv:
        """Make robots to train on, whose scaled rewards add up to about one at the beginning."""
        size = self._looked[2]
        scale = (1.0 - _FAR) / size if size > 0.0 else 1.0
        env = self._robots(robots, seed, source, first, threads)
        env.coverage = Coverage(env.simulation, self.randomization)
        return ContractVecEnv(env, contract, scale)

    def examine(self, act: Act, contract: Contract, seed: int) -> Examination:
        """Let a policy do one episode on each of many robots, without exploration."""
        env = ContractVecEnv(self._robots(EXAMINED, seed), contract)
        steps = env.robots.episode_ticks
        reward, failed = one_episode(env, act, steps)
        world = env.robots.simulation
        ranges = Quarters(world, self.randomization)
        values = {name: world.values(name) for name in self.randomization.names}
        quarters = ranges.mean(ranges.of(values), reward)
        return Examination(reward=reward, steps=steps, failed=failed, quarters=quarters)
