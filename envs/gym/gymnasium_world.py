"""`GymnasiumWorld`: the model of a Gymnasium environment, simulated for many robots."""

import copy
from typing import Any

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.gym.force_batch import ForceBatch
from ashore.envs.gym.gymnasium_template import Template
from ashore.envs.gym.sample_wire import SampleWire
from ashore.envs.gym.strength import Strength
from ashore.envs.physics.engine import set_for_batch, thread_count, untimed
from ashore.envs.physics.model_fields import ModelFields
from ashore.envs.physics.parameter_set import ParameterSet

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

LARGEST = float(mujoco.mjMAXVAL)
"""Largest position or speed that MuJoCo takes for physics; past it, it would reset by itself."""


class GymnasiumWorld(ParameterSet):
    """`n` robots in one MuJoCo batch, each with its own parameters and its own wire.

    Parameters are those of MuJoCo's model (`ModelFields`), `strength` of its actuators, and of the
    way actions and observations take (`SampleWire`). Without any of them set, a robot moves as in
    Gymnasium, bit for bit.
    """

    def __init__(self, template: Template, batch: Batch | ForceBatch, dice: Dice) -> None:
        env = template.env
        self.n, self.frame_skip = batch.nsim, int(env.frame_skip)
        self.timestep = float(batch.model.opt.timestep)
        self.period = self.timestep * self.frame_skip
        self.fields = ModelFields(batch)
        names, actions = observation_names(env), int(batch.model.nu)
        self.wire = SampleWire(names, actions, self.period, dice)
        super().__init__(batch, [self.fields, Strength(batch), self.wire])
        self.qpos, self.qvel = batch.bind("qpos"), batch.bind("qvel")
        self.ctrl = batch.bind("ctrl")
        self.failed = np.zeros(self.n, dtype=np.bool_)
        self.altered = np.ones(self.n, dtype=np.bool_)

    def _put(self, name: str, values: Array, ids: Ids) -> None:
        super()._put(name, values, ids)
        self.altered[ids] = True

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Robots whose physics is no longer finite, has exploded, or raised an error, `(n,)`."""
        sane = (np.abs(self.qpos) <= LARGEST).all(axis=1)
        sane &= (np.abs(self.qvel) <= LARGEST).all(axis=1)
        return np.asarray(self.failed | ~sane)

    def is_broken(self, robot: int) -> bool:
        """Whether one robot is `broken`."""
        sane = (np.abs(self.qpos[robot]) <= LARGEST).all() and (
            np.abs(self.qvel[robot]) <= LARGEST
        ).all()
        return bool(self.failed[robot] or not sane)

    def reset(self, ids: Ids, qpos: Array, qvel: Array) -> None:
        """Put robots `ids` at positions `(len(ids), nq)` with velocities `(len(ids), nv)`."""
        self.batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        self.qpos[ids] = qpos
        self.qvel[ids] = qvel
        self.begin(ids)
        self.batch.forward(ids)

    def begin(self, ids: Ids) -> None:
        """Let robots `ids`, just put somewhere, begin an episode."""
        self.failed[ids] = False
        self.fields.push(ids)
        self.wire.restart(ids)

    def step(self, action: Array) -> None:
        """Advance one control period under actions `(n, nu)`, in the actuators' unit."""
        with untimed():
            if not self.wire.late_commands:
                self.ctrl[:] = action
                self._advance(self.frame_skip)
                return
            self.wire.command(action)
            for k in range(self.frame_skip):
                self.ctrl[:] = self.wire.in_force(k * self.timestep, self.timestep)
                self._advance(1)

    def _advance(self, steps: int) -> None:
        try:
            self.batch.step(nstep=steps)
        except SimulationError as error:
            self.failed[error.ids] = True


def make_batch(template: Template, n: int, threads: int, whole: bool, forces: bool) -> Any:
    """Return a batch of the environment's model.

    Args:
        template: the environment.
        n: how many robots.
        threads: threads; 0 for ASHORE_THREADS, or one per core where that is not set.
        whole: keep all of `MjData` of every robot, for `get_data`.
        forces: compute the external forces on bodies.
    """
    model = copy.copy(template.env.model)
    set_for_batch(model)
    if forces:
        return ForceBatch(model, n, thread_count(threads))
    return Batch(model, n, thread_count(threads), persistent=whole)


def observation_names(env: Any) -> tuple[str, ...]:
    """A name for each number of an observation: `qvel:3` where the environment tells, or `17`."""
    size = int(np.prod(env.observation_space.shape))
    parts: dict[str, int] = dict(getattr(env, "observation_structure", {}))
    parts.pop("skipped_qpos", None)
    names = tuple(f"{part}:{i}" for part, width in parts.items() for i in range(width))
    return names if len(names) == size else tuple(str(i) for i in range(size))
