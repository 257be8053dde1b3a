"""Orientations of sensors that count them from north, east and down."""

import math

import numpy as np

from ashore.hardware.imu.imu_sample import Vector
from ashore.hardware.imu.rotation import from_angles


def from_ned(quaternion: Vector) -> Vector:
    """Orientation in a world of north, west and up, of one `(w, x, y, z)` in north, east, down."""
    w, x, y, z = quaternion
    return np.array([-x, w, -z, y])  # half a turn about north, then the quaternion


def to_ned(quaternion: Vector) -> Vector:
    """Inverse of `from_ned`."""
    w, x, y, z = quaternion
    return np.array([x, -w, z, -y])


def from_heading(yaw: float, pitch: float, roll: float) -> Vector:
    """Orientation in a world of north, west and up, of angles in north, east, down [deg]."""
    return from_ned(from_angles(math.radians(roll), math.radians(pitch), math.radians(yaw)))
