"""`Backlash`: play in the gears, a second, limited hinge in series with each joint."""

from dataclasses import replace

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_SUFFIX = "_backlash"
_PLAY = Parameter(name="backlash", value=2e-4, unit="rad", low=2e-4, high=0.2)


class Backlash:
    """How far each output shaft turns freely, for `n` robots whose model has play.

    The motor moves a joint's first hinge, the encoder on the output shaft sees the sum of both.
    """

    def __init__(self, batch: Batch, names: tuple[str, ...]) -> None:
        self._batch = batch
        self._joints = [batch.model.joint(name + _SUFFIX).id for name in names]
        self.parameters = {"backlash": replace(_PLAY, elements=names)}
        self.values = {"backlash": np.full((batch.nsim, len(names)), _PLAY.value)}

    def changed(self, name: str, ids: Ids) -> bool:
        """Widen or narrow the free hinges of robots `ids`."""
        half = 0.5 * self.values["backlash"][ids]
        limits = np.stack([-half, half], axis=2)
        self._batch.expand("jnt_range")[np.ix_(ids, self._joints)] = limits
        return False


def play_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the backlash hinges of the named joints."""
    return tuple(name + _SUFFIX for name in names)


def add_play(mjcf: mujoco.MjSpec, name: str) -> None:
    """Put a backlash hinge in series with a joint, as narrow as nominal gears are."""
    joint = mjcf.joint(name)
    joint.parent.add_joint(
        name=name + _SUFFIX,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=joint.axis,
        pos=joint.pos,
        range=[-0.5 * _PLAY.value, 0.5 * _PLAY.value],
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        solref_limit=[0.004, 1.0],
        damping=[0.001, 0.0, 0.0],
    )

