"""`GymnasiumVecEnv`: a Gymnasium MuJoCo environment on many robots of one batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.envs.batch_vec_env import BatchVecEnv
from ashore.envs.dice import Dice
from ashore.envs.gym.gymnasium_fallback import OwnRules
from ashore.envs.gym.gymnasium_kind import kind_of
from ashore.envs.gym.gymnasium_rules import Rules, WalkerRules
from ashore.envs.gym.gymnasium_template import Make, Template
from ashore.envs.randomize.intervals import Intervals
from ashore.envs.randomize.randomization import Randomization, Source

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ids = NDArray[np.intp]

NOMINAL = Randomization(terms=())


@dataclass(frozen=True, kw_only=True)
class GymnasiumConfig:
    """How an environment is run on many robots."""

    robots: int = 64
    """How many are simulated together."""
    seed: int = 0
    """Seed of every draw."""
    first: int = 0
    """Number of the first robot: the others count from there, and each draws by its number."""
    threads: int = 0
    """Threads of the batch; 0 for one per core. Results do not depend on it."""
    stagger: bool = False
    """Whether first episodes begin at random times, so that resets spread out."""
    infos: bool = False
    """Whether every step's info holds what Gymnasium's does; an episode's last always does."""
    own_code: bool = False
    """Whether to run the environment's own code even where its rules are known."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for the environment."""


class GymnasiumVecEnv(BatchVecEnv):
    """Robots of a Gymnasium MuJoCo environment: its observations, rewards, ends, to the last bit.

    The walkers of `KINDS` are judged all together; any other subclass of `MujocoEnv` by its own
    code (`OwnRules`). Without a randomization a robot is Gymnasium's; with one, each robot is drawn
    anew from `source` at its reset. Robots draw by their number, so that results depend neither on
    threads nor on how the robots are split over environments.
    """

    def __init__(
        self,
        environment: str | Make,
        source: Source = NOMINAL,
        config: GymnasiumConfig | None = None,
    ) -> None:
        """Simulate an environment by its id, or by what makes it: a class, a function.

        Raises:
            TaskError: it is unknown, or cannot be stepped in a batch.
            ModelError: `source` has an unknown parameter, or a range that is not physical.
        """
        self.config, self.source = config or GymnasiumConfig(), source
        template = Template.of(environment, self.config.arguments)
        self.template, env = template, template.env
        super().__init__(self.config.robots, env.observation_space, env.action_space)
        self.rules = self._rules()
        self.simulation = self.rules.world
        if isinstance(source, Randomization):
            source.check(self.simulation)
        self.episode_ticks = template.limit
        self.sow(None)

    def _rules(self) -> Rules:
        config, template = self.config, self.template
        dice = Dice(config.seed, config.robots, config.first, "wire")
        kind = None if config.own_code else kind_of(template.env)
        if kind is None:
            return OwnRules(template, config.threads, dice)
        return WalkerRules(template, kind, config.threads, dice)

    def sow(self, seed: int | None) -> None:
        """Make every stream anew from `seed`; None for the configuration's."""
        config = self.config
        number = config.seed if seed is None else seed
        parts = {
            purpose: Dice(number, config.robots, config.first, purpose)
            for purpose in ("episodes", "starts", "wire", "intervals")
        }
        self.dice, self.simulation.wire.dice = parts["episodes"], parts["wire"]
        self._starts = parts["starts"]
        self.intervals = Intervals(self.simulation, self.source, parts["intervals"])

    def reset(self) -> Array:
        """Begin an episode on every robot and return the observations."""
        everyone = np.arange(self.num_envs)
        self.begin(everyone)
        if self.config.stagger:
            self._stagger()
        return self.look(everyone)

    def begin(self, ids: Ids) -> None:
        """Draw new robots and first states for robots `ids`."""
        self.simulation.give(self.source.draw(self.simulation, self.dice.of(ids)), ids)
        self.rules.begin(ids, self._starts.of(ids))
        self.intervals.restart(ids)
        self._count_from_zero(ids)

    def look(self, ids: Ids) -> Array:
        """First observations of robots `ids`, which have just begun."""
        return self.simulation.wire.deliver(self.rules.observe(ids), ids)

    def damaged(self) -> Mask:
        """Robots whose physics is no longer finite."""
        return self.simulation.broken

    def advance(self, actions: NDArray[Any]) -> tuple[Array, Array, Mask]:
        """One control period on every robot, without beginning any anew.

        Args:
            actions: as the environment takes them, `(n, k)`; not clipped, as in Gymnasium.

        Returns:
            Observations `(n, no)`, rewards `(n,)`, and whose episode is over before its time.
        """
        self.intervals.advance(self.simulation.period)
        told = self.rules.step(np.asarray(actions))
        self.ticks += 1
        self.ticks[told.truncated & ~told.ended] = self.episode_ticks
        observation = self.simulation.wire.deliver(self.rules.observe())
        return observation, told.reward, told.ended

    def describe(self) -> list[dict[str, Any]]:
        """What Gymnasium says of every step, if asked for; of an episode's last in any case."""
        if self.config.infos:
            return [self.rules.info(i) for i in range(self.num_envs)]
        return super().describe()

    def _farewell(self, i: int, failed: bool, seen: NDArray[Any]) -> dict[str, Any]:
        return {**self.rules.info(i), **super()._farewell(i, failed, seen)}
