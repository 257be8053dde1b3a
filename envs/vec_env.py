"""`SimulationVecEnv`: a task on many simulated robots, as Stable-Baselines3 knows it."""

from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ashore.envs.batch_vec_env import BatchVecEnv
from ashore.envs.dice import Dice
from ashore.envs.randomize.intervals import Intervals
from ashore.envs.randomize.privileged import Privileged
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Task, total
from ashore.hardware.contract import Contract, Memory
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class EnvConfig:
    """How a task is run on simulated robots."""

    robots: int = 512
    """How many are simulated together."""
    seed: int = 0
    """Seed of every draw."""
    stagger: bool = True
    """Whether first episodes begin at random times, so that resets spread out, in groups."""
    first: int = 0
    """Number of the first robot: the others count from there, and each draws by its number."""
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    """How they are stepped."""
    privileged: Randomization | None = None
    """Ranges of what is told behind each observation, for a critic; None for nothing."""
    plans: Array | None = None
    """The episodes' plans, `(p, k)`, robot after robot in turn; None to draw them."""
    heard: tuple[str, ...] = ()
    """Signals that somebody reads besides the task and the policy."""


class SimulationVecEnv(BatchVecEnv):
    """Robots drawn from `source` do `task`; the observation is the contract's.

    Where the configuration asks for it, what is privileged stands behind each observation.

    Robots draw by their number, so that results do not depend on threads or on how the robots are
    split over environments.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: Task,
        contract: Contract,
        source: Source,
        config: EnvConfig | None = None,
    ) -> None:
        """Build the robots.

        Raises:
            ModelError: `source` has a range that is not physical, or an unknown name.
        """
        self.config = config or EnvConfig()
        self.spec, self.task, self.contract, self.source = spec, task, contract, source
        n, actions = self.config.robots, contract.action_size
        super().__init__(n, _box(np.inf, contract.observation_size), _box(1.0, actions))
        read = {*task.senses, *(term.signal for term in contract.all_terms), *self.config.heard}
        telemetry = tuple(name for name in self.config.simulation.telemetry if name in read)
        stepping = replace(self.config.simulation, telemetry=telemetry)
        self.simulation = Simulation(spec, n, stepping.having(source.names))
        if isinstance(source, Randomization):
            source.check(self.simulation)
        self.memory = Memory(contract, n)
        self.sow(None)
        self.plan: Array = task.plan(self.dice.anew("plan"))
        self.episode_ticks = round(task.episode * spec.rate)
        self.last_action = np.zeros((n, contract.action_size))
        self.latest: dict[str, Array] = {}
        self.privileged: Privileged | None = None
        if self.config.privileged is not None:
            self.privileged = Privileged(self.simulation, self.config.privileged)
            wide = contract.observation_size + self.privileged.size(self.signals())
            self.observation_space = _box(np.inf, wide)

    def sow(self, seed: int | None) -> None:
        """Make every stream anew from `seed`; None for the configuration's."""
        n, first = self.config.robots, self.config.first
        number = self.config.seed if seed is None else seed
        self.dice = Dice(number, n, first, "episodes")
        self.simulation.seed(number, first)
        changes = Dice(number, n, first, "intervals")
        self.intervals = Intervals(self.simulation, self.source, changes)

    def reset(self) -> NDArray[np.float32]:
        """Begin an episode on every robot and return the observations."""
        self.begin(np.arange(self.num_envs))
        if self.config.stagger:
            self._stagger()
        return self._observe()

    def begin(self, ids: Ids) -> None:
        """Draw new robots, plans and starting states for robots `ids`."""
        dice = self.dice.of(ids)
        self.simulation.give(self.source.draw(self.simulation, dice), ids)
        self.simulation.reset(ids, self.task.start(dice))
        plans = self.config.plans
        drawn = self.task.plan(dice)
        self.plan[ids] = drawn if plans is None else plans[dice.robots % len(plans)]
        self.intervals.restart(ids)
        self._count_from_zero(ids)
        self.last_action[ids] = 0.0
        self.memory.restart(ids)
        if self.privileged is not None:
            self.privileged.look(ids)

    def kinds(self, ids: Ids) -> dict[str, Mask]:
        """Kinds of the episodes that robots `ids` are in, by their plans."""
        return self.task.slices(self.plan[ids])

    def signals(self, ids: Ids | None = None) -> dict[str, Array]:
        """Everything the task knows of this tick; of robots `ids` only, if given."""
        rows = slice(None) if ids is None else ids
        sensed = self.simulation.observe(ids)
        sensed["last_action"] = self.last_action[rows]
        time = self.ticks[rows] / self.spec.rate
        return self.task.signals(self.plan[rows], time, sensed)

    def _observe(self) -> NDArray[np.float32]:
        self.latest = self.signals()
        return self._wide(self.contract.observe(self.latest, self.memory), self.latest)

    def _wide(
        self, observation: NDArray[np.float32], signals: dict[str, Array], ids: Ids | None = None
    ) -> NDArray[np.float32]:
        if self.privileged is None:
            return observation
        return np.concatenate([observation, self.privileged.tell(signals, ids)], axis=1)

    def advance(self, actions: NDArray[Any]) -> tuple[NDArray[np.float32], Array, Mask]:
        """One control period on every robot, without beginning any anew.

        Returns:
            Observations `(n, no)`, rewards `(n,)`, and who failed the task, `(n,)`.
        """
        action = np.clip(actions, -1.0, 1.0).astype(np.float64)
        self.intervals.advance(1.0 / self.spec.rate)
        self.simulation.step(self.contract.act(action, self.latest))
        previous, self.last_action = self.last_action, action.copy()
        self.ticks += 1
        observation = self._observe()
        reward = total(self.task.reward(self.latest, action, previous))
        return observation, reward, self.task.ends(self.latest)

    def look(self, ids: Ids) -> NDArray[np.float32]:
        """First observations of robots `ids`, which have just begun."""
        fresh = Memory(self.contract, len(ids))
        some = self.signals(ids)
        for name, value in some.items():
            self.latest[name][ids] = value
        observation = self.contract.observe(some, fresh)
        for mine, theirs in zip(self.memory.past, fresh.past, strict=True):
            mine[ids] = theirs
        self.memory.new[ids] = False
        return self._wide(observation, some, ids)

    def damaged(self) -> Mask:
        """Robots whose physics is no longer finite."""
        return self.simulation.broken


def _box(reach: float, size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-reach, reach, (size,), np.float32)
