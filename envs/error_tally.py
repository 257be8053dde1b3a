"""`ErrorTally`: what people would measure of robots that do a task, robot by robot."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.envs.tasks.task import Array
from ashore.envs.vec_env import SimulationVecEnv


def mean_errors(
    errors: Mapping[str, Array], lived: NDArray[np.int64], among: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Mean of each error over all steps that count; of some robots, a mask `(n,)`, only.

    Args:
        errors: means of each robot, `(n,)` by name and unit.
        lived: steps of each robot that they are means of, `(n,)`.
        among: the robots; None for all.
    """
    weight = lived if among is None else lived * among
    steps = max(1, int(weight.sum()))
    return {name: float(error @ weight) / steps for name, error in errors.items()}


class ErrorTally:
    """The task's errors, summed over each robot's steps for as long as it has not failed."""

    def __init__(self, env: SimulationVecEnv, settled: float) -> None:
        """Count from `settled` [s] into the episode on, of robots that begin it together."""
        self._env, self._first = env, settled * env.spec.rate
        self._sums: dict[str, Array] = {}
        self.lived = np.zeros(env.num_envs, dtype=np.int64)
        """Steps of each robot that count, `(n,)`."""

    def note(self, step: int, alive: NDArray[np.bool_]) -> None:
        """Take note of a step of all robots, as `one_episode` tells it."""
        if step < self._first:
            return
        self.lived += alive
        for name, error in self._env.task.errors(self._env.latest).items():
            counted = np.where(alive, error, 0.0)
            self._sums[name] = self._sums.get(name, 0.0) + counted

    def means(self) -> dict[str, Array]:
        """Mean of each error of each robot, `(n,)` by name and unit; 0 where no step counted."""
        return {name: value / np.maximum(1, self.lived) for name, value in self._sums.items()}
