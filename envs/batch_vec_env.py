"""`BatchVecEnv`: what every vector environment of one batch has in common."""

from abc import abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from ashore.envs.coverage import Coverage
from ashore.envs.dice import Dice
from ashore.envs.randomize.curriculum import Curriculum
from ashore.envs.randomize.randomization import Source

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ids = NDArray[np.intp]

PHASES = 32
"""How many different times staggered episodes begin at: robots that begin anew together cost little
more than one."""


class BatchVecEnv(VecEnv):
    """Robots that are stepped together and begin anew one by one, by Stable-Baselines3's rules.

    An episode ends when its rules say so, or after `episode_ticks`, which is a truncation; its last
    observation is in `infos[i]["terminal_observation"]`. A robot whose physics is no longer finite
    is reset alone and counted in `broken`. In `infos[i]["episode"]`, `whole` stands beside return
    `r` and length `l`: how many steps it would have been without failing.
    """

    source: Source
    """Where the robots come from."""
    dice: Dice
    """What draws robots and their first states."""
    coverage: Coverage | None = None
    """Takes note of all that robots lived through, if it is wanted."""

    def __init__(self, n: int, seen: gymnasium.Space[Any], done: gymnasium.Space[Any]) -> None:
        """Take the number of robots, the space of observations and that of actions."""
        self.ticks = np.zeros(n, dtype=np.int64)
        self.returns = np.zeros(n)
        self.lengths = np.zeros(n, dtype=np.int64)
        self.broken = 0
        self.episode_ticks = 1
        self.render_mode = None
        self._actions: NDArray[Any] = np.zeros((n, *(done.shape or ())), dtype=done.dtype)
        super().__init__(n, seen, done)

    @abstractmethod
    def advance(self, actions: NDArray[Any]) -> tuple[NDArray[Any], Array, Mask]:
        """One control period on every robot, without beginning any anew.

        Returns:
            Observations `(n, no)`, rewards `(n,)`, and whose episode is over before its time.
        """

    @abstractmethod
    def begin(self, ids: Ids) -> None:
        """Begin an episode on robots `ids`."""

    @abstractmethod
    def look(self, ids: Ids) -> NDArray[Any]:
        """First observations of robots `ids`, which have just begun."""

    @abstractmethod
    def damaged(self) -> Mask:
        """Robots whose physics is no longer finite."""

    def _stagger(self) -> None:
        """Move first episodes to random times within themselves, at `PHASES` different ones."""
        apart = max(1, self.episode_ticks // PHASES)
        self.ticks[:] = apart * self.dice.below(min(PHASES, self.episode_ticks))[:, 0]

    def _count_from_zero(self, ids: Ids) -> None:
        self.ticks[ids] = 0
        self.returns[ids] = 0.0
        self.lengths[ids] = 0

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Advance every robot by one control period; begin anew where an episode ended."""
        observation, reward, ended = self.advance(self._actions)
        broken = self.damaged() | ~np.isfinite(reward) | ~np.isfinite(observation).all(axis=1)
        reward = np.where(broken, 0.0, reward)
        self.returns += reward
        self.lengths += 1
        failed = broken | ended
        done = failed | (self.ticks >= self.episode_ticks)
        infos: list[dict[str, Any]] = self.describe()
        ids = np.flatnonzero(done)
        if len(ids):
            self.broken += int(broken.sum())
            if isinstance(self.source, Curriculum):
                each = self.returns[ids] / self.lengths[ids]
                self.source.record(self.dice.robots[ids], each, failed[ids])
            if self.coverage is not None:
                self.coverage.add(ids, self.lengths[ids], self.kinds(ids))
            for i in ids.tolist():
                infos[i].update(self._farewell(i, bool(failed[i]), observation[i]))
            self.begin(ids)
            observation = observation.copy()
            observation[ids] = self.look(ids)
        return observation, reward.astype(np.float32), done, infos

    def kinds(self, ids: Ids) -> dict[str, Mask]:
        """Kinds of the episodes that robots `ids` are in, each a mask `(len(ids),)`."""
        return {}

    def survey(self) -> Coverage | None:
        """All that was covered so far, the present episodes too."""
        if self.coverage is None:
            return None
        found, everyone = deepcopy(self.coverage), np.arange(self.num_envs)
        found.add(everyone, self.lengths, self.kinds(everyone))
        return found

    def describe(self) -> list[dict[str, Any]]:
        """What to say of every robot's step."""
        return [{} for _ in range(self.num_envs)]

    def _farewell(self, i: int, failed: bool, seen: NDArray[Any]) -> dict[str, Any]:
        left = max(0, self.episode_ticks - int(self.ticks[i]))
        length = int(self.lengths[i])
        return {
            "terminal_observation": np.nan_to_num(seen),
            "TimeLimit.truncated": not failed,
            "episode": {"r": float(self.returns[i]), "l": length, "whole": length + left},
        }

    def close(self) -> None:
        """Nothing to release: the batch ends with the object."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute, once for each robot asked about."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute that all robots share."""
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kw: Any) -> list[Any]:
        """Call a method that acts on all robots."""
        return [getattr(self, method_name)(*args, **kw)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No robot is wrapped."""
        return [False] * len(list(self._get_indices(indices)))

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Begin all draws anew from `seed`; None for the configuration's."""
        self.sow(seed)
        return [seed] * self.num_envs

    @abstractmethod
    def sow(self, seed: int | None) -> None:
        """Make every stream anew from `seed`; None for the configuration's."""
