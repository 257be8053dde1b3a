"""Rotations of many robots at once, written out so that a row alone has the bits it has in a batch.

Quaternions are `(n, 4)`, scalar first, as MuJoCo's.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def quaternion(vector: Array) -> Array:
    """Quaternion of rotation vectors `(..., 3)` [rad]: the axis times the angle."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    half = 0.5 * np.sqrt(x * x + y * y + z * z)
    scale = 0.5 * np.sinc(half / np.pi)
    return np.stack([np.cos(half), scale * x, scale * y, scale * z], axis=-1)


def product(first: Array, second: Array) -> Array:
    """Hamilton product `first second`: the rotation `second`, then `first`."""
    a, b, c, d = (first[..., i] for i in range(4))
    w, x, y, z = (second[..., i] for i in range(4))
    return np.stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ],
        axis=-1,
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
    return np.stack(
        [
            a + w * s + (y * u - z * t),
            b + w * t + (z * s - x * u),
            c + w * u + (x * t - y * s),
        ],
        axis=-1,
    )


def inverse(rotation: Array) -> Array:
    """Inverse of unit quaternions."""
    return np.asarray(rotation * np.array([1.0, -1.0, -1.0, -1.0]))
