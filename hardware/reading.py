"""One tick of a robot, in SI units: what it sensed and what it was told."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Inertial:
    """What the inertial sensor said, turned into the base's frame: x forward, y left, z up."""

    gyro: Vector
    """Angular velocity of the base, `(3,)` [rad/s]."""
    gravity: Vector
    """Direction in which gravity pulls, `(3,)`, of length 1: 0, 0, -1 on level ground."""
    acceleration: Vector
    """Specific force at the sensor, `(3,)`: 0, 0, 9.81 at rest on level ground [m/s²]."""
    age: float
    """Time since the sample came; 0 when it came with this tick [s]."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the joints said at one tick; every array is `(nj,)`, in the spec's joint order."""

    time: float
    """When the last byte of the sample arrived, on the robot's clock [s]."""
    position: Vector
    """Joint angle, sign and zero offset applied [rad]."""
    velocity: Vector
    """Joint velocity as the servo reports it [rad/s]."""
    current: Vector
    """Motor current as the servo reports it [A]."""
    voltage: Vector
    """Supply voltage at the servo [V]."""
    temperature: Vector
    """Servo temperature [°C]."""
    age: Vector
    """Time since each joint's sample was taken; 0 when it came with this tick [s]."""
    fault: NDArray[np.uint8]
    """Hardware-error bits of each servo, 0 when it is well."""
    torque_enabled: NDArray[np.bool_] | None = None
    """Whether each servo's power stage was on; None when it was not asked, and taken as on."""
    duty: Vector | None = None
    """Signed duty of each servo's power stage, -1..1; None when it was not read."""
    inertial: Inertial | None = None
    """What the inertial sensor said; None for a robot without one."""

    @property
    def fresh(self) -> NDArray[np.bool_]:
        """Which joints answered at this tick."""
        return np.equal(self.age, 0.0)


@dataclass(frozen=True, kw_only=True)
class Command:
    """What the joints are told at one tick."""

    position: Vector
    """Goal angle of each joint, `(nj,)` [rad]."""
