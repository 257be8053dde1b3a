"""`Clearance`: whether poses of a robot in its model keep clear of everything that can touch."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.robot_model import build_model, joint_addresses
from ashore.envs.physics.standing import held
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

MARGIN = 0.02
"""Distance that counts as touching [m]; a joint behind its goal leaves the way of the goals."""


class Clearance:
    """A robot's shapes, its base fixed; what touches in its default pose already doesn't count."""

    def __init__(self, spec: RobotSpec) -> None:
        """Look at the model of `spec`."""
        self._model = build_model(held(spec))
        self._model.geom_margin[:] = MARGIN
        self._data = mujoco.MjData(self._model)
        self._at = joint_addresses(self._model, spec.names)[0]
        self._usual = self._touching(spec.column("default"))

    def clear(self, poses: Array) -> bool:
        """Whether nothing touches in any of the poses, `(T, nj)` [rad]."""
        return all(self._touching(pose) <= self._usual for pose in poses)

    def _touching(self, pose: Array) -> set[tuple[int, int]]:
        self._data.qpos[self._at] = pose
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_collision(self._model, self._data)
        return {(int(a), int(b)) for a, b in self._data.contact.geom}
