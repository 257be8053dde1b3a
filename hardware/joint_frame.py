"""`JointFrame`: between what encoders count and the angles of joints."""

import math

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.spec import RobotSpec

Vector = NDArray[np.float64]


class JointFrame:
    """Signs, zero offsets and whole turns of a robot's joints; arrays are `(nj,)`.

    angle = sign * (encoder - zero), where `zero` is the spec's offset, and whole turns that a
    servo forgot when it booted.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self.joints = spec.joints
        self.sign, self.zero = spec.column("sign"), spec.column("zero_offset")
        margin = spec.column("rest_margin")
        self._lower, self._upper = spec.column("lower") - margin, spec.column("upper") + margin

    def angle(self, encoder: Vector) -> Vector:
        """Joint angles of encoder angles [rad]."""
        return np.asarray(self.sign * (encoder - self.zero))

    def encoder(self, angle: Vector) -> Vector:
        """Encoder angles of joint angles [rad]."""
        return np.asarray(self.sign * angle + self.zero)

    def clip(self, angle: Vector) -> Vector:
        """Joint angles held within the limits and their margins [rad]."""
        return np.asarray(np.clip(angle, self._lower, self._upper))

    def outside(self, angle: Vector) -> NDArray[np.intp]:
        """Which joints are beyond their limits and margins."""
        return np.flatnonzero((angle < self._lower) | (angle > self._upper))

    def find_turns(self, encoder: Vector) -> None:
        """Find the whole turn of each joint, which a servo forgets when it boots.

        After a boot it counts within one turn wherever it is; if that is outside the joint's
        limits and a turn up or down is inside, it is there. One that has counted beyond a turn
        since knows better.

        Args:
            encoder: what the encoders count now, 0 at mid-turn [rad].
        """
        for index in self.outside(self.angle(encoder)):
            if not -math.pi <= encoder[index] < math.pi:
                continue
            angle = self.angle(encoder)[index]
            for whole in (-math.tau, math.tau):
                if self._lower[index] <= angle + whole <= self._upper[index]:
                    self.zero[index] -= self.joints[index].sign * whole


def encoder_range(joint: JointSpec) -> tuple[float, float]:
    """Smallest and largest encoder angle of a joint within its limits and margin [rad]."""
    ends = (joint.lower - joint.rest_margin, joint.upper + joint.rest_margin)
    low, high = sorted(joint.sign * angle + joint.zero_offset for angle in ends)
    return low, high


def fits_one_turn(joint: JointSpec) -> bool:
    """Whether a joint's range lies within one turn of its encoder, from -pi to pi."""
    low, high = encoder_range(joint)
    return -math.pi <= low + joint.rest_margin and high - joint.rest_margin < math.pi
