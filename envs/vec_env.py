"""`SimulationVecEnv`: a task on many simulated robots, as Stable-Baselines3 knows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from ashore.envs.dice import Dice
from ashore.envs.randomize.curriculum import Curriculum
from ashore.envs.randomize.intervals import Intervals
from ashore.envs.randomize.randomization import Source, apply
from ashore.envs.simulation import Simulation, SimulationConfig
from ashore.envs.tasks.task import Task, total
from ashore.hardware.contract import Contract, Memory
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class EnvConfig:
    """How a task is run on simulated robots."""

    robots: int = 512
    """How many are simulated together."""
    seed: int = 0
    """Seed of every draw."""
    stagger: bool = True
    """Whether first episodes begin at random times, so that resets spread out."""
    first: int = 0
    """Number of the first robot: the others count from there, and each draws by its number."""
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    """How they are stepped."""


class SimulationVecEnv(VecEnv):
    """Robots drawn from `source` do `task`; the observation is the contract's, and only its.

    An episode ends when the task says so, or after the task's time, which is a truncation; its last
    observation is in `infos[i]["terminal_observation"]`. A robot whose physics is no longer finite
    is reset alone and counted in `broken`. Robots draw by their number, so that results do not
    depend on threads or on how the robots are split over environments.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: Task,
        contract: Contract,
        source: Source,
        config: EnvConfig | None = None,
    ) -> None:
        self.config = config or EnvConfig()
        self.spec, self.task, self.contract, self.source = spec, task, contract, source
        n = self.config.robots
        self.simulation = Simulation(spec, n, self._stepping())
        self.memory = Memory(contract, n)
        self.seed(self.config.seed)
        self.plan: Array = task.plan(self.dice.anew("plan"))
        self.ticks = np.zeros(n, dtype=np.int64)
        self.episode_ticks = round(task.episode * spec.rate)
        self.last_action = np.zeros((n, contract.action_size))
        self.returns = np.zeros(n)
        self.lengths = np.zeros(n, dtype=np.int64)
        self.broken = 0
        self._actions = np.zeros((n, contract.action_size), dtype=np.float32)
        self.render_mode = None
        size = contract.observation_size
        super().__init__(
            n,
            gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32),
            gymnasium.spaces.Box(-1.0, 1.0, (contract.action_size,), np.float32),
        )

    def _stepping(self) -> SimulationConfig:
        config = self.config
        backlash = config.simulation.backlash or "backlash" in self.source.names
        return replace(config.simulation, backlash=backlash)

    def reset(self) -> NDArray[np.float32]:
        """Begin an episode on every robot and return the observations."""
        everyone = np.arange(self.num_envs)
        self.begin(everyone)
        if self.config.stagger:
            self.ticks[:] = self.dice.below(self.episode_ticks)[:, 0]
        return self._observe()

    def begin(self, ids: Ids) -> None:
        """Draw new robots, plans and starting states for robots `ids`."""
        dice = self.dice.of(ids)
        apply(self.simulation, self.source.draw(self.simulation, dice), ids)
        self.simulation.reset(ids, self.task.start(dice))
        self.plan[ids] = self.task.plan(dice)
        self.intervals.restart(ids)
        self.ticks[ids] = 0
        self.returns[ids] = 0.0
        self.lengths[ids] = 0
        self.last_action[ids] = 0.0
        self.memory.restart(ids)

    def signals(self, ids: Ids | None = None) -> dict[str, Array]:
        """Everything the task knows of this tick; of robots `ids` only, if given."""
        rows = slice(None) if ids is None else ids
        sensed = self.simulation.observe(ids)
        sensed["last_action"] = self.last_action[rows]
        time = self.ticks[rows] / self.spec.rate
        return self.task.signals(self.plan[rows], time, sensed)

    def _observe(self) -> NDArray[np.float32]:
        self._signals = self.signals()
        return self.contract.observe(self._signals, self.memory)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Advance every robot by one control period; begin anew where an episode ended."""
        observation, reward, ended = self.advance(self._actions)
        broken = self.simulation.broken | ~np.isfinite(reward)
        broken |= ~np.isfinite(observation).all(axis=1)
        reward = np.where(broken, 0.0, reward)
        self.returns += reward
        self.lengths += 1
        done = broken | ended | (self.ticks >= self.episode_ticks)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        ids = np.flatnonzero(done)
        if len(ids):
            observation = self._end(ids, broken, ended, observation, infos)
        return observation, reward.astype(np.float32), done, infos

    def advance(
        self, actions: NDArray[Any]
    ) -> tuple[NDArray[np.float32], Array, NDArray[np.bool_]]:
        """One control period on every robot, without beginning any anew.

        Returns:
            Observations `(n, no)`, rewards `(n,)`, and who failed the task, `(n,)`.
        """
        action = np.clip(actions, -1.0, 1.0).astype(np.float64)
        self.intervals.advance(1.0 / self.spec.rate)
        self.simulation.step(self.contract.act(action, self._signals))
        previous, self.last_action = self.last_action, action.copy()
        self.ticks += 1
        observation = self._observe()
        reward = total(self.task.reward(self._signals, action, previous))
        return observation, reward, self.task.ends(self._signals)

    def _end(
        self,
        ids: Ids,
        broken: NDArray[np.bool_],
        ended: NDArray[np.bool_],
        observation: NDArray[np.float32],
        infos: list[dict[str, Any]],
    ) -> NDArray[np.float32]:
        self.broken += int(broken.sum())
        if isinstance(self.source, Curriculum):
            reward = self.returns[ids] / self.lengths[ids]
            self.source.record(self.dice.robots[ids], reward, (broken | ended)[ids])
        for i in ids:
            infos[i] = {
                "terminal_observation": np.nan_to_num(observation[i]),
                "TimeLimit.truncated": not (broken[i] or ended[i]),
                "episode": {"r": float(self.returns[i]), "l": int(self.lengths[i])},
            }
        self.begin(ids)
        first = self._observe_only(ids)
        observation = observation.copy()
        observation[ids] = first
        return observation

    def _observe_only(self, ids: Ids) -> NDArray[np.float32]:
        fresh = Memory(self.contract, len(ids))
        some = self.signals(ids)
        for name, value in some.items():
            self._signals[name][ids] = value
        observation = self.contract.observe(some, fresh)
        for mine, theirs in zip(self.memory.past, fresh.past, strict=True):
            mine[ids] = theirs
        self.memory.new[ids] = False
        return observation

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
        n, first = self.config.robots, self.config.first
        number = self.config.seed if seed is None else seed
        self.dice = Dice(number, n, first, "episodes")
        self.simulation.seed(number, first)
        changes = Dice(number, n, first, "intervals")
        self.intervals = Intervals(self.simulation, self.source, changes)
        return [seed] * n

    def draws(self) -> dict[str, list[int]]:
        """How far each robot's streams have come, for `restore_draws`."""
        return {name: dice.state() for name, dice in self._streams().items()}

    def restore_draws(self, state: dict[str, list[int]]) -> None:
        """Let every stream go on where `draws` was asked."""
        for name, dice in self._streams().items():
            dice.restore(state[name])

    def _streams(self) -> dict[str, Dice]:
        own = {"episodes": self.dice, "intervals": self.intervals.dice}
        return {**own, **self.simulation.streams()}
