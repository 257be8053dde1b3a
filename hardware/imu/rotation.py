"""One rotation at a time: unit quaternions, scalar first, matrices, and roll, pitch, yaw."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def from_angles(roll: float, pitch: float, yaw: float) -> Array:
    """Quaternion of roll about x, then pitch about y, then yaw about z, all fixed axes [rad].

    The same as yaw, pitch, roll about axes that turn along: `R = Rz(yaw) Ry(pitch) Rx(roll)`.
    """
    a, b, c = math.cos(roll / 2), math.cos(pitch / 2), math.cos(yaw / 2)
    x, y, z = math.sin(roll / 2), math.sin(pitch / 2), math.sin(yaw / 2)
    return np.array(
        [
            a * b * c + x * y * z,
            x * b * c - a * y * z,
            a * y * c + x * b * z,
            a * b * z - x * y * c,
        ]
    )


def to_angles(rotation: Array) -> tuple[float, float, float]:
    """Roll, pitch and yaw of a unit quaternion, the inverse of `from_angles` [rad]."""
    m = matrix(rotation)
    pitch = math.asin(min(1.0, max(-1.0, -m[2, 0])))
    return math.atan2(m[2, 1], m[2, 2]), pitch, math.atan2(m[1, 0], m[0, 0])


def matrix(rotation: Array) -> Array:
    """Matrix `(3, 3)` of a unit quaternion."""
    w, x, y, z = (float(q) for q in rotation)
    return np.array(
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]
    )


def product(first: Array, second: Array) -> Array:
    """Hamilton product: the rotation `second`, then `first`."""
    a, u = float(first[0]), first[1:]
    b, v = float(second[0]), second[1:]
    vector = a * v + b * u + np.array(np.cross(u, v))
    return np.concatenate([[a * b - float(u @ v)], vector])
