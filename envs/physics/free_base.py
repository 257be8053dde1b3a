"""`FreeBase`: the floating base of walking robots, and the inertial sensor on it."""

from dataclasses import dataclass

import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.rotation import inverse, product, quaternion, rotate, upright
from ashore.envs.tasks.task import Start

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class BaseMotion:
    """How bases stand and move, in their own frames; rows of robots or of moments."""

    gravity: Array
    """Direction in which gravity pulls, `(n, 3)`, unit vectors."""
    gyro: Array
    """Angular velocity, `(n, 3)` [rad/s]."""
    velocity: Array
    """Velocity, `(n, 3)` [m/s]."""

    def take(self, rows: Ids) -> "BaseMotion":
        """Some of the rows."""
        return BaseMotion(
            gravity=self.gravity[rows], gyro=self.gyro[rows], velocity=self.velocity[rows]
        )


class FreeBase:
    """Position and velocity of the bodies that hang on a free joint, for `n` robots."""

    def __init__(self, batch: Batch, joint: int) -> None:
        """Look at the free joint of id `joint`."""
        model = batch.model
        self._at, self._dof = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
        self._qpos, self._qvel = batch.bind("qpos"), batch.bind("qvel")

    @classmethod
    def of(cls, batch: Batch) -> "FreeBase | None":
        """The base of the robots of a batch, if it floats."""
        free = free_joint(batch.model)
        return None if free is None else cls(batch, free)

    @property
    def rotation(self) -> Array:
        """Orientation of the base in the world, quaternions `(n, 4)`."""
        return np.asarray(self._qpos[:, self._at + 3 : self._at + 7])

    def reset(self, ids: Ids, start: Start) -> None:
        """Put the bases of robots `ids`, just reset by MuJoCo, where an episode starts."""
        at, dof = self._at, self._dof
        rotation = self._qpos[ids, at + 3 : at + 7]
        if start.heading is not None:
            upright = np.stack([0 * start.heading, 0 * start.heading, start.heading], axis=1)
            rotation = product(quaternion(upright), rotation)
            self._qpos[ids, at + 3 : at + 7] = rotation
        if start.base_velocity is not None:
            self._qvel[ids, dof : dof + 3] = start.base_velocity[:, :3]
            spin = rotate(inverse(rotation), start.base_velocity[:, 3:])
            self._qvel[ids, dof + 3 : dof + 6] = spin

    def put(self, ids: Ids, motion: BaseMotion) -> None:
        """Turn and move the bases of robots `ids` as `motion`, a row each, says; they face ahead.

        How high they are is left as it is.
        """
        at, dof = self._at, self._dof
        rotation = upright(motion.gravity)
        self._qpos[ids, at + 3 : at + 7] = rotation
        self._qvel[ids, dof : dof + 3] = rotate(rotation, motion.velocity)
        self._qvel[ids, dof + 3 : dof + 6] = motion.gyro

    def lift(self, ids: Ids, height: Array) -> None:
        """Raise the bases of robots `ids` by `height` `(len(ids),)` [m]."""
        self._qpos[ids, self._at + 2] += height

    def sense(self, down: Array) -> dict[str, Array]:
        """What a perfect IMU says: `imu_gyro` [rad/s] and `imu_gravity`, a unit vector.

        Args:
            down: direction of gravity in each robot's world, `(n, 3)`.
        """
        return {
            "imu_gyro": np.array(self._qvel[:, self._dof + 3 : self._dof + 6]),
            "imu_gravity": rotate(inverse(self.rotation), down),
        }

    def truth(self, up: Array) -> dict[str, Array]:
        """Velocity in the base's frame [m/s]; height over the floor of normal `up` [m]."""
        place = self._qpos[:, self._at : self._at + 3]
        height = place[:, 0] * up[:, 0] + place[:, 1] * up[:, 1] + place[:, 2] * up[:, 2]
        moving = self._qvel[:, self._dof : self._dof + 3]
        return {
            "true_velocity": rotate(inverse(self.rotation), moving),
            "true_height": height[:, None],
        }
