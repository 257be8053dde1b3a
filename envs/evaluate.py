"""`evaluate`: one whole episode on each of many simulated robots, from paired seeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.envs.error_tally import ErrorTally, mean_errors
from ashore.envs.randomize.randomization import Source
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Array, Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Note = Callable[[int, NDArray[np.bool_]], None]

SETTLED = 1.0
"""Time after an episode's start from which on errors count [s]."""


class Examined(Protocol):
    """Robots that a policy is examined on."""

    def reset(self) -> NDArray[np.float32]:
        """Begin an episode on every robot and return the observations."""
        ...

    def advance(
        self, actions: NDArray[Any]
    ) -> tuple[NDArray[np.float32], Array, NDArray[np.bool_]]:
        """One control period: observations, rewards, and whose episode is over too early."""
        ...

    def damaged(self) -> NDArray[np.bool_]:
        """Robots whose physics is no longer finite."""
        ...


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
    plans: Array | None = None
    """The episodes' plans, `(p, k)`, robot after robot in turn; None to draw them."""
    seconds: float | None = None
    """How much of each episode is driven, from its beginning [s]; None for the whole."""
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
    each_errors: Mapping[str, Array]
    """Mean of each of the task's errors of each robot after `SETTLED`, `(n,)` by name and unit."""
    lived: NDArray[np.int64]
    """Steps of each robot that its errors are means of, `(n,)`."""
    steps: int
    """Control steps lived through, over all robots."""
    robots: Mapping[str, Array]
    """Parameters that the source draws, as each robot has them, `(n, width)` by name."""

    @property
    def errors(self) -> dict[str, float]:
        """Mean of each of the task's errors over all that was lived after `SETTLED`."""
        return mean_errors(self.each_errors, self.lived)


def evaluate(act: Act, contract: Contract, course: Course) -> Outcome:
    """Let a policy do one episode, or its beginning, on each robot, without exploration.

    What `one_episode` says of failures holds.
    """
    config = EnvConfig(
        robots=course.robots,
        seed=course.seed,
        stagger=False,
        simulation=course.simulation,
        plans=course.plans,
    )
    env = SimulationVecEnv(course.spec, course.task, contract, course.source, config)
    tally, steps = ErrorTally(env, SETTLED), np.zeros(course.robots, dtype=np.int64)

    def note(step: int, alive: NDArray[np.bool_]) -> None:
        steps[:] += alive
        tally.note(step, alive)

    whole = env.episode_ticks - 1
    wanted = whole if course.seconds is None else round(course.seconds * course.spec.rate)
    reward, failed = one_episode(env, act, max(1, min(wanted, whole)), note)
    return Outcome(
        reward=reward,
        plan=env.plan,
        failed=failed,
        each_errors=tally.means(),
        lived=tally.lived,
        steps=int(steps.sum()),
        robots={name: env.simulation.values(name) for name in course.source.names},
    )


def one_episode(
    env: Examined, act: Act, steps: int, note: Note | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """Let a policy act for the `steps` of one episode on each robot, none of which begins anew.

    A robot that fails its task, or whose physics is no longer finite, earns nothing from then on.
    After each step, `note` is told its number and who has not failed.

    Returns:
        Mean reward per step, `(n,)`, and who failed, `(n,)`.
    """
    observation = env.reset()
    reward, failed = np.zeros(len(observation)), np.zeros(len(observation), dtype=np.bool_)
    for step in range(steps):
        observation, gained, ended = env.advance(act(observation))
        reward += np.where(failed, 0.0, np.nan_to_num(gained))
        failed |= ended | env.damaged()
        if note is not None:
            note(step, ~failed)
        if failed.all():
            break
    return reward / steps, failed
