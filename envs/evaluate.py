"""`evaluate`: one whole episode on each of many simulated robots, from paired seeds."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.envs.randomize.randomization import Source
from ashore.envs.simulation import SimulationConfig
from ashore.envs.tasks.task import Array, Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a policy is examined on: the same robots, commands and noise for one seed."""

    spec: RobotSpec
    """The robot."""
    task: Task
    """What it must do."""
    source: Source
    """Where the robots come from."""
    robots: int = 256
    """How many episodes, one a robot."""
    seed: int = 1_000
    """Two policies under one seed meet the same robots, plans, starts and noise."""
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    """How they are stepped."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Mean reward per step of each episode, and what each episode asked for."""

    reward: Array
    """Mean reward per control step, `(n,)`."""
    plan: Array
    """The episodes' plans, `(n, k)`."""
    failed: NDArray[np.bool_]
    """Whose episode ended before its time, `(n,)`."""


def evaluate(act: Act, contract: Contract, course: Course) -> Outcome:
    """Let a policy do one episode on each robot of a course, without exploration.

    A robot that fails the task, or whose physics is no longer finite, earns nothing from then on.
    """
    config = EnvConfig(
        robots=course.robots, seed=course.seed, stagger=False, simulation=course.simulation
    )
    env = SimulationVecEnv(course.spec, course.task, contract, course.source, config)
    observation = env.reset()
    plan, reward = env.plan.copy(), np.zeros(course.robots)
    failed = np.zeros(course.robots, dtype=np.bool_)
    steps = env.episode_ticks - 1
    for _ in range(steps):
        observation, gained, ended = env.advance(act(observation))
        reward += np.where(failed, 0.0, np.nan_to_num(gained))
        failed |= ended | env.simulation.broken
    return Outcome(reward=reward / steps, plan=plan, failed=failed)
