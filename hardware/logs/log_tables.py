"""The arrays of a log, one table a channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """All readings of a log; `T` of them, `nj` joints."""

    time: Table
    """When each was taken, on the robot's clock, `(T,)` [s]."""
    position: Table
    """Joint angle, `(T, nj)` [rad]."""
    velocity: Table
    """Joint velocity as the servo reports it, `(T, nj)` [rad/s]."""
    current: Table
    """Motor current, `(T, nj)` [A]; NaN where it was not measured."""
    voltage: Table
    """Supply voltage at the servo, `(T, nj)` [V]."""
    temperature: Table
    """Servo temperature, `(T, nj)` [°C]."""
    age: Table
    """Time since each joint's sample was taken, `(T, nj)` [s]."""
    fault: NDArray[np.uint8]
    """Hardware-error bits, `(T, nj)`."""
    torque_enabled: NDArray[np.bool_]
    """Whether each servo's power stage was on, `(T, nj)`; True where it was not recorded."""
    duty: Table
    """Signed duty, -1..1, `(T, nj)`; NaN where it was not recorded."""
    gyro: Table
    """Angular velocity of the base, in its frame, `(T, 3)` [rad/s]; NaN where not recorded."""
    gravity: Table
    """Direction in which gravity pulls, in the base's frame, `(T, 3)`; NaN where not recorded."""
    acceleration: Table
    """Specific force at the inertial sensor, `(T, 3)` [m/s²]; NaN where not recorded."""
    inertial_age: Table
    """Time since the inertial sample came, `(T,)` [s]; NaN where not recorded."""

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, kw_only=True)
class Commands:
    """All commands of a log."""

    time: Table
    """When each was sent, on the robot's clock, `(T,)` [s]."""
    position: Table
    """Goal angle, `(T, nj)` [rad]."""

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, kw_only=True)
class PolicySteps:
    """All steps of the policy in a log."""

    time: Table
    """When each was taken, on the robot's clock, `(T,)` [s]."""
    observation: NDArray[np.float32]
    """What the policy saw, `(T, no)`."""
    action: NDArray[np.float32]
    """What the policy said, `(T, na)`."""
    signals: Mapping[str, Table]
    """What the runner kept beside it, by name, `(T, k)`; NaN rows where a step had none."""

    def __len__(self) -> int:
        return len(self.time)


class Event(NamedTuple):
    """Something that happened."""

    time: float
    """When, on the robot's clock [s]."""
    level: str
    """How grave: debug, info, warning, error."""
    kind: str
    """Which part of the robot speaks."""
    text: str
    """What happened, one sentence."""
    data: Mapping[str, object]
    """Its numbers."""


class RawBytes(NamedTuple):
    """Bytes that went over the wire."""

    time: float
    """When, on the robot's clock, to the nanosecond [s]."""
    direction: str
    """`tx` from the host to the servos, `rx` back, `imu` from the inertial sensor."""
    data: bytes
    """The bytes."""


@dataclass(frozen=True, kw_only=True)
class LogTables:
    """All tables of a log, or of a part of one."""

    readings: Readings
    """What the joints said."""
    commands: Commands
    """What the joints were told."""
    policy: PolicySteps
    """What the policy saw and said."""
    events: list[Event]
    """What happened; the last of a log that was closed is of kind `log`."""
    raw: list[RawBytes]
    """What went over the wire."""
