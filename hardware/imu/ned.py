"""Orientations of sensors that count them from north, east and down."""

import math

import numpy as np

from ashore.hardware.imu.imu_sample import Vector
from ashore.hardware.imu.rotation import from_angles, product

_HALF_TURN = np.array([0.0, 1.0, 0.0, 0.0])


def from_ned(quaternion: Vector) -> Vector:
    """Orientation in a world of north, west and up, of one `(w, x, y, z)` in north, east, down."""
    return product(_HALF_TURN, quaternion)


def to_ned(quaternion: Vector) -> Vector:
    """Inverse of `from_ned`."""
    return product(-_HALF_TURN, quaternion)


def from_heading(yaw: float, pitch: float, roll: float) -> Vector:
    """Orientation in a world of north, west and up, of angles in north, east, down [deg]."""
    return from_ned(from_angles(math.radians(roll), math.radians(pitch), math.radians(yaw)))
