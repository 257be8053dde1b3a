"""Rotations of many robots at once, written out so that a row alone has the bits it has in a batch.

Quaternions are `(n, 4)`, scalar first, as MuJoCo's.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TINY = 1e-300
"""Keeps a rotation by nothing from dividing zero by zero."""
_CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])


def quaternion(vector: Array) -> Array:
    """Quaternion of rotation vectors `(..., 3)` [rad]: the axis times the angle."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    angle = np.sqrt(x * x + y * y + z * z) + _TINY
    scale = np.sin(0.5 * angle) / angle
    return _join(np.cos(0.5 * angle), scale * x, scale * y, scale * z)


def product(first: Array, second: Array) -> Array:
    """Hamilton product `first second`: the rotation `second`, then `first`."""
    a, b, c, d = (first[..., i] for i in range(4))
    w, x, y, z = (second[..., i] for i in range(4))
    return _join(
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )


def rotate(rotation: Array, vector: Array) -> Array:
    """Turn vectors `(..., 3)` by unit quaternions `(..., 4)`."""
    w = rotation[..., 0]
    x, y, z = rotation[..., 1], rotation[..., 2], rotation[..., 3]
    a, b, c = vector[..., 0], vector[..., 1], vector[..., 2]
    s, t, u = (
        2.0 * (y * c - z * b),
        2.0 * (z * a - x * c),
        2.0 * (x * b - y * a),
    )
    return _join(
        a + w * s + (y * u - z * t),
        b + w * t + (z * s - x * u),
        c + w * u + (x * t - y * s),
    )


def inverse(rotation: Array) -> Array:
    """Inverse of unit quaternions."""
    return np.asarray(rotation * _CONJUGATE)


def upright(gravity: Array) -> Array:
    """Smallest rotations under which `gravity`, unit vectors `(..., 3)`, points straight down.

    How a body stands whose frame gravity was measured in, as far as that tells: it faces ahead.
    """
    x, y, z = gravity[..., 0], gravity[..., 1], gravity[..., 2]
    # Half-way quaternion of two unit vectors; upside down, any axis in the floor is as good.
    w = 1.0 - z
    over = w < 1e-9
    turn = _join(np.where(over, 0.0, w), np.where(over, 1.0, -y), np.where(over, 0.0, x), 0.0 * x)
    return np.asarray(turn / np.sqrt((turn * turn).sum(axis=-1, keepdims=True)))


def _join(*parts: Array) -> Array:
    """Put components side by side along a last axis."""
    whole = np.empty((*parts[0].shape, len(parts)))
    for i, part in enumerate(parts):
        whole[..., i] = part
    return whole
