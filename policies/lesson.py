"""`Lesson`: what a policy is trained to do, and what on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.coverage import Coverage, Quarters
from ashore.envs.error_tally import mean_errors
from ashore.envs.evaluate import Course, evaluate
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import Backend, SimulationConfig
from ashore.envs.tasks.task import Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.train_config import NetworkConfig

MEASURED = 256
"""Robots that a normaliser is measured on."""

Array = NDArray[np.float64]
Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """How well a policy did."""

    reward: Array
    """Mean reward per step of each episode, `(n,)`; nothing is earned after a failure."""
    steps: int
    """Steps of a whole episode."""
    failed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whose episode ended before its time, `(n,)`; empty where none can."""
    slices: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Kinds of episode, each a mask `(n,)`."""
    errors: Mapping[str, Array] = field(default_factory=dict)
    """Mean of each of the task's errors of each robot, by name and unit, `(n,)`."""
    lived: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Steps of each robot that its errors are means of, `(n,)`."""
    quarters: Mapping[str, list[float | None]] = field(default_factory=dict)
    """Mean reward in each quarter of each parameter's range, by the term's title."""

    def mean_errors(self, among: NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Mean of each error over all steps that count; of some robots, a mask `(n,)`, only."""
        return mean_errors(self.errors, self.lived, among)


class Lesson(Protocol):
    """Robots, what they are asked to do, and how they are drawn."""

    @property
    def randomization(self) -> Randomization:
        """What varies from robot to robot."""
        ...

    @property
    def robot(self) -> RobotSpec | GymnasiumRobot:
        """The robot, as a bundle keeps it."""
        ...

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this lesson from others, as JSON takes it."""
        ...

    @property
    def outlook(self) -> str:
        """A sentence on what to do with the policy that learned it."""
        ...

    def world(self) -> ParameterSet:
        """Make one robot, to see what the randomization does to its parameters.

        Raises:
            TaskError: there is no such environment, or it cannot be batched.
            ModelError: its model does not compile.
        """
        ...

    def contract(self, network: NetworkConfig, seed: int) -> Contract:
        """Return the contract for a network, with a normaliser measured under random actions."""
        ...

    def env(
        self,
        contract: Contract,
        robots: int,
        seed: int,
        source: Source | None = None,
        *,
        first: int = 0,
        threads: int = 0,
    ) -> VecEnv:
        """Make robots to train on, drawn from `source`; None for the randomization.

        What is privileged stands behind each observation, where there is anything. The first of
        them has the number `first`, and `threads` step them, 0 for one per core.
        """
        ...

    def within(self, randomization: Randomization) -> "Lesson":
        """Return the same lesson with other ranges."""
        ...

    def examine(self, act: Act, contract: Contract, seed: int) -> Examination:
        """Let a policy do one episode on each of many robots, without exploration."""
        ...


@dataclass(frozen=True, kw_only=True)
class RobotLesson:
    """A task of `ashore.envs.tasks` on a robot with a spec."""

    spec: RobotSpec
    """The robot."""
    task: Task
    """What it is asked to do."""
    randomization: Randomization
    """What varies from robot to robot."""
    backend: Backend = "mujoco"
    """What steps the robots that are trained on; all else is measured on the processor."""

    @property
    def robot(self) -> RobotSpec:
        """The robot, as a bundle keeps it."""
        return self.spec

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this lesson from others, as JSON takes it."""
        parts = {"robot": self.spec.to_dict(), "task": self.task.name}
        return parts if self.backend == "mujoco" else {**parts, "backend": self.backend}

    @property
    def outlook(self) -> str:
        """A sentence on what to do with the policy that learned it."""
        return (
            "It has seen no real robot: before you deploy it, adapt it to one with `ashore adapt`, "
            "which also says where that robot is outside the ranges below."
        )

    def world(self) -> Simulation:
        """Make one robot, to see what the randomization does to its parameters."""
        return Simulation(self.spec, 1, SimulationConfig().having(self.randomization.names))

    def within(self, randomization: Randomization) -> "RobotLesson":
        """Return the same lesson with other ranges."""
        return replace(self, randomization=randomization)

    def contract(self, network: NetworkConfig, seed: int) -> Contract:
        """Return the contract for a network, with a normaliser measured under random actions."""
        contract = network.within(self.task.contract(self.spec))
        config = EnvConfig(robots=MEASURED, seed=seed + 1)
        env = SimulationVecEnv(self.spec, self.task, contract, self.randomization, config)
        rng = np.random.default_rng(seed)
        seen = [env.reset()]
        for _ in range(50):
            action = rng.uniform(-0.5, 0.5, (env.num_envs, contract.action_size))
            seen.append(env.advance(action)[0])
        return normalised(contract, np.concatenate(seen))

    def env(
        self,
        contract: Contract,
        robots: int,
        seed: int,
        source: Source | None = None,
        *,
        first: int = 0,
        threads: int = 0,
    ) -> SimulationVecEnv:
        """Make robots to train on, drawn from `source`; None for the randomization."""
        config = EnvConfig(
            robots=robots,
            seed=seed,
            first=first,
            simulation=SimulationConfig(threads=threads, backend=self.backend),
            privileged=self.randomization,
        )
        source = source or self.randomization
        env = SimulationVecEnv(self.spec, self.task, contract, source, config)
        env.coverage = Coverage(env.simulation, self.randomization)
        return env

    def examine(self, act: Act, contract: Contract, seed: int) -> Examination:
        """Let a policy do one episode on each of 256 robots, without exploration."""
        course = Course(spec=self.spec, task=self.task, source=self.randomization, seed=seed)
        outcome = evaluate(act, contract, course)
        ranges = Quarters(self.world(), self.randomization)
        return Examination(
            reward=outcome.reward,
            steps=round(self.task.episode * self.spec.rate),
            failed=outcome.failed,
            slices=self.task.slices(outcome.plan),
            errors=outcome.each_errors,
            lived=outcome.lived,
            quarters=ranges.mean(ranges.of(outcome.robots), outcome.reward),
        )


def normalised(contract: Contract, seen: NDArray[np.float32]) -> Contract:
    """Bake the mean and spread of observations `(m, k)` into a contract."""
    observations = seen.astype(np.float64)
    return contract.with_normaliser(observations.mean(axis=0), observations.std(axis=0) + 0.05)
