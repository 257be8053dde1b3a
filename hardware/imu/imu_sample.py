"""`ImuSample`: what an inertial sensor says at one moment, in its own axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.imu.rotation import matrix

Vector = NDArray[np.float64]

GRAVITY = 9.80665
"""Standard gravity, which sensors that speak in g mean [m/s²]."""

_UNIT = 0.02  # how far from 1 the length of an orientation may be, for coarse numbers
_PULL = 1.0  # a weaker specific force points nowhere: free fall [m/s²]
_STRONGEST = 1e4  # a thousand g; sensors for robots end at some tens [m/s²]
_FASTEST = 1e3  # sensors end at some tens [rad/s]


@dataclass(frozen=True, kw_only=True, eq=False)
class ImuSample:
    """One sample, in the sensor's own axes, those printed on its case."""

    acceleration: Vector
    """Specific force, `(3,)`: 9.81 upwards at rest [m/s²]."""
    gyro: Vector
    """Angular velocity, `(3,)` [rad/s]."""
    quaternion: Vector | None = None
    """Orientation `(w, x, y, z)`: turns the sensor's axes into a world whose z is up; None if it
    was not sent."""

    @property
    def sound(self) -> bool:
        """Whether these are numbers that a sensor can mean."""
        if not (_within(self.acceleration, _STRONGEST) and _within(self.gyro, _FASTEST)):
            return False
        if self.quaternion is None:
            return float(np.linalg.norm(self.acceleration)) > _PULL
        if not _within(self.quaternion, 1.0 + _UNIT):
            return False
        return abs(float(np.linalg.norm(self.quaternion)) - 1.0) < _UNIT

    @property
    def gravity(self) -> Vector:
        """Direction in which gravity pulls, `(3,)`, of length 1, of a sound sample.

        With an orientation `R`, `R^-1 (0, 0, -1)`; without one, against the specific force, which
        is right only while the sensor is not accelerated.
        """
        if self.quaternion is None:
            return np.asarray(-self.acceleration / np.linalg.norm(self.acceleration))
        return np.asarray(-matrix(self.quaternion / np.linalg.norm(self.quaternion))[2])

    def repeats(self, other: "ImuSample") -> bool:
        """Whether every number is the same as in `other`."""
        return self._numbers() == other._numbers()

    def _numbers(self) -> list[float]:
        parts = [self.acceleration, self.gyro]
        parts += [] if self.quaternion is None else [self.quaternion]
        return [float(value) for part in parts for value in part]


def _within(values: Vector, bound: float) -> bool:
    """Whether all are numbers and smaller than `bound`; NaN is not."""
    return bool((np.abs(values) < bound).all())
