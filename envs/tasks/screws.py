"""`Screws`: where an arm's joints and tip are, by the product of exponentials."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.body_spec import ArmSpec

Array = NDArray[np.float64]
Point = tuple[Array, Array, Array]


class Screws:
    """Forward kinematics of `n` arms at once.

    The tip is at `exp(S_1 q_1) ... exp(S_m q_m) tip`, with `S_i` the turn about link `i`'s axis
    while all angles are zero. The outermost turn is carried out first, then the next further in,
    so that each is about an axis that has not moved yet; by Rodrigues' formula, for an axis `a`
    through the point `c` and `r = p - c`:

        p' = c + r cos q + (a x r) sin q + a (a . r) (1 - cos q)

    Written out by element: a row alone has the bits that it has in a batch.

    Source: Lynch and Park, Modern Robotics, equations 4.14 (space form) and 3.51 (Rodrigues).
    """

    def __init__(self, arm: ArmSpec, joints: Sequence[str]) -> None:
        """Prepare an arm whose angles stand in the order of `joints`."""
        self.tip_at_zero = arm.tip
        self.columns = [joints.index(link.joint) for link in arm.links]
        self.centres = [link.point for link in arm.links]
        self.axes = []
        for link in arm.links:
            x, y, z = link.axis
            length = float(np.sqrt(x * x + y * y + z * z))
            self.axes.append((x / length, y / length, z / length))

    def tip(self, angles: Array) -> Array:
        """Where the tip is in the base's frame, `(n, 3)` [m], at joint angles `(n, nj)` [rad]."""
        return np.stack(self._turned(angles, [])[0], axis=1)

    def places(self, angles: Array) -> Array:
        """Where the tip and the point on each link's axis are, `(n, 1 + m, 3)` [m].

        Args:
            angles: joint angles, `(n, nj)` [rad].

        Returns:
            The tip, then the links' points from the outermost inwards, in the base's frame.
        """
        points = self._turned(angles, self.centres)
        return np.stack([np.stack(point, axis=1) for point in points], axis=1)

    def _turned(self, angles: Array, carried: Sequence[tuple[float, float, float]]) -> list[Point]:
        sines, cosines = np.sin(angles), np.cos(angles)
        points = [_everywhere(self.tip_at_zero, len(angles))]
        for i in reversed(range(len(self.columns))):
            sine, cosine = sines[:, self.columns[i]], cosines[:, self.columns[i]]
            points = [_turn(p, self.axes[i], self.centres[i], sine, cosine) for p in points]
            if carried:
                points.append(_everywhere(carried[i], len(angles)))
        return points


def _everywhere(point: tuple[float, float, float], n: int) -> Point:
    x, y, z = point
    return np.full(n, x), np.full(n, y), np.full(n, z)


def _turn(
    point: Point,
    axis: tuple[float, float, float],
    centre: tuple[float, float, float],
    sine: Array,
    cosine: Array,
) -> Point:
    a, b, c = axis
    x, y, z = point[0] - centre[0], point[1] - centre[1], point[2] - centre[2]
    along = (a * x + b * y + c * z) * (1.0 - cosine)
    return (
        centre[0] + x * cosine + (b * z - c * y) * sine + a * along,
        centre[1] + y * cosine + (c * x - a * z) * sine + b * along,
        centre[2] + z * cosine + (a * y - b * x) * sine + c * along,
    )
