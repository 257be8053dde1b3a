"""`PdMotor`: a torque source under proportional-derivative control."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.motor_model import MotorModel

Array = NDArray[np.float64]


class PdMotor(MotorModel):
    """An ideal torque source under proportional-derivative control, for a motor not known better.

        k I = clip(stiffness e - velocity_gain w, ±torque_limit)

    Where the limit is not reached, MuJoCo is given the velocity gain as damping of the joint, which
    it integrates implicitly: a stiff robot stays stable at long steps.
    """

    def drive(self, error: Array, velocity: Array) -> Array:
        """Current that gives the torque asked for [A]."""
        p = self.values
        force = p["stiffness"] * error
        force -= p["velocity_gain"] * velocity
        limit = p["torque_limit"]
        return np.asarray(np.clip(force, -limit, limit, out=force) / p["motor_constant"])

    def torque(self, error: Array, velocity: Array) -> Array:
        """Torque on the output shaft before friction, without what `damping` adds [N m]."""
        force, p = super().torque(error, velocity), self.values
        free = np.abs(self.current * p["motor_constant"]) < p["torque_limit"]
        self.damping = p["velocity_gain"] * p["strength"] * (free & self.enabled)
        return np.asarray(force + self.damping * velocity)
