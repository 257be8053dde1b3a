"""`Player`: one robot at a task under a policy, that people watch and drive."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.limbs import free_joint
from ashore.envs.play.drive import Drive
from ashore.envs.play.gauges import Gauges
from ashore.envs.randomize.randomization import Source
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Array, Task
from ashore.envs.tasks.walk import Walk
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]

LYING = 1.5
"""How long a robot that fell is left lying [s]."""
SHOVE, PUSHED = 1.0, 0.1
"""Force of a push as a share of the robot's weight, and how long it lasts [s]. The quadruped's is
28 N, twice what its training had at most; it is carried off at 0.5 m/s and catches itself."""
_ONLY = np.array([0])


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Which robot plays what."""

    spec: RobotSpec
    """The robot."""
    task: Task
    """What it is asked to do."""
    contract: Contract
    """What its policy sees and says."""
    source: Source
    """Where the robot comes from: the same one each time, if it is to stay the same."""
    seed: int = 0
    """Seed of plans, starts, pushes and noise."""


class Player:
    """The robot's own simulation, stepped one control period at a time.

    A robot that walks follows `drive`, for ever. Any other follows plans, one after another. One
    that falls lies for a moment and begins anew; `falls` counts them.
    """

    def __init__(self, act: Act, cast: Cast) -> None:
        """Put the robot at its start.

        Raises:
            ModelError: the robot that the source draws is not physical.
        """
        self.act, self.cast = act, cast
        self.period = 1.0 / cast.spec.rate
        options = SimulationConfig(threads=1)
        config = EnvConfig(robots=1, seed=cast.seed, stagger=False, simulation=options)
        self.env = SimulationVecEnv(cast.spec, cast.task, cast.contract, cast.source, config)
        self.drive = Drive() if isinstance(cast.task, Walk) else None
        self.gauges = Gauges(cast.spec.names, cast.spec.rate)
        self.falls, self.clock = 0, 0.0
        self._rng = np.random.default_rng(cast.seed)
        model = self.env.simulation.batch.model
        base = free_joint(model)
        self.pushed_body = model.nbody - 1 if base is None else int(model.jnt_bodyid[base])
        self._weight = float(model.body_mass.sum() * np.linalg.norm(model.opt.gravity))
        self.push_force = np.zeros(3)
        self._lying = self._pushing = 0.0
        self._steer()
        self._seen = self.env.reset()

    @property
    def qpos(self) -> Array:
        """MuJoCo's positions of the robot now."""
        return np.array(self.env.simulation.batch.bind("qpos")[0])

    @property
    def qvel(self) -> Array:
        """MuJoCo's velocities of the robot now."""
        return np.array(self.env.simulation.batch.bind("qvel")[0])

    @property
    def lies(self) -> bool:
        """Whether it has fallen and not yet begun anew."""
        return self._lying > 0.0

    def signals(self) -> dict[str, Array]:
        """The task's signals of what is true now, not of what the sensors say; each `(1, k)`."""
        truth = self.env.simulation.truth()
        truth["joint_position"] = truth["true_position"]
        time = np.asarray(self.env.ticks * self.period, dtype=np.float64)
        return self.cast.task.signals(self.env.plan, time, truth)

    def step(self) -> None:
        """Advance one control period; begin anew where that is due."""
        self._steer()
        self.clock += self.period
        self._seen, _, ended = self.env.advance(self.act(self._seen))
        self._ease_push()
        if self.env.damaged()[0] or not np.isfinite(self._seen).all():
            self.falls += not self.lies
            self.restart()
        elif self.lies:
            self._lying -= self.period
            if not self.lies:
                self.restart()
        elif ended[0]:
            self.falls += 1
            self._lying = LYING
        elif self.drive is None and self.env.ticks[0] >= self.env.episode_ticks:
            self.next_plan()
        signals = self.signals()
        self.gauges.note(signals, self.cast.task.errors(signals))

    def restart(self) -> None:
        """Put the robot at a start again, with the plan that it has."""
        plan = self.env.plan.copy()
        self._begin(plan)

    def next_plan(self) -> None:
        """Put the robot at a start, with the next plan that the seed draws."""
        self._begin(None)

    def push(self) -> None:
        """Push the robot sideways for a moment, from a side that nobody knows."""
        angle = self._rng.uniform(0.0, 2.0 * np.pi)
        force = SHOVE * self._weight * np.array([np.cos(angle), np.sin(angle), 0.0])
        self._pushing = PUSHED
        self._set_push(force)

    def _begin(self, plan: Array | None) -> None:
        self._set_push(np.zeros(3))
        self._lying = self._pushing = 0.0
        self.gauges.clear()
        if self.drive is not None:
            self.drive.halt()
        self.env.begin(_ONLY)
        if plan is not None:
            self.env.plan[:] = plan
        self._seen = self.env.look(_ONLY)

    def _steer(self) -> None:
        if self.drive is not None:
            self.drive.advance(self.period)
            self.drive.write(self.env.plan)

    def _ease_push(self) -> None:
        if self._pushing > 0.0:
            self._pushing -= self.period
            if self._pushing < 0.5 * self.period:
                self._set_push(np.zeros(3))

    def _set_push(self, force: Array) -> None:
        if not (force.any() or self.push_force.any()):
            return
        self.push_force = force
        world = self.env.simulation
        body: Any = world.batch.model.body(self.pushed_body)
        columns = world.select("push", tuple(f"{body.name}:{axis}" for axis in "xyz")).columns
        values = world.values("push").copy()
        values[:, columns] = force
        world.set("push", values, _ONLY)
        world.settle(_ONLY)
