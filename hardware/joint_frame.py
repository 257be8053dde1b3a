"""`JointFrame`: between what encoders count and the angles of joints."""

import math

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.spec import RobotSpec

Vector = NDArray[np.float64]

MARGIN = 0.02
"""How far beyond a limit a joint may rest, for encoder noise [rad]."""


class JointFrame:
    """Signs, zero offsets and whole turns of a robot's joints; arrays are `(nj,)`.

    angle = sign * (encoder - zero), where `zero` is the spec's offset, and whole turns that a
    servo forgot when it booted.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self.joints = spec.joints
        self.sign, self.zero = spec.column("sign"), spec.column("zero_offset")
        self._lower, self._upper = spec.column("lower"), spec.column("upper")

    def angle(self, encoder: Vector) -> Vector:
        """Joint angles of encoder angles [rad]."""
        return np.asarray(self.sign * (encoder - self.zero))

    def encoder(self, angle: Vector) -> Vector:
        """Encoder angles of joint angles [rad]."""
        return np.asarray(self.sign * angle + self.zero)

    def clip(self, angle: Vector) -> Vector:
        """Joint angles held within the limits [rad]."""
        return np.asarray(np.clip(angle, self._lower, self._upper))

    def outside(self, angle: Vector) -> NDArray[np.intp]:
        """Which joints are beyond their limits by more than `MARGIN`."""
        inside = (self._lower - MARGIN <= angle) & (angle <= self._upper + MARGIN)
        return np.flatnonzero(~inside)

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
            joint, angle = self.joints[index], self.angle(encoder)[index]
            for whole in (-math.tau, math.tau):
                if _inside(joint, angle + whole):
                    self.zero[index] -= joint.sign * whole


def fits_one_turn(joint: JointSpec) -> bool:
    """Whether a joint's whole range lies within one turn of its encoder, from -pi to pi."""
    ends = [joint.sign * angle + joint.zero_offset for angle in (joint.lower, joint.upper)]
    return -math.pi <= min(ends) and max(ends) < math.pi


def _inside(joint: JointSpec, angle: float) -> bool:
    return bool(joint.lower - MARGIN <= angle <= joint.upper + MARGIN)
