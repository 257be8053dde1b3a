"""`Signal`: what is compared: its name for people, its unit, and what its columns are."""

from collections.abc import Mapping
from dataclasses import dataclass

from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What is compared."""

    title: str
    """Its name for people."""
    unit: str
    """Unit that it is told in."""
    scale: float = 1.0
    """How many of them the log's unit is."""
    base: bool = False
    """Whether its columns are the base's axes, and not the joints."""

    def columns(self, spec: RobotSpec) -> tuple[str, ...]:
        """What its columns are."""
        return ("x", "y", "z") if self.base else spec.names


SIGNALS: Mapping[str, Signal] = {
    "joint_position": Signal(title="joint angle", unit="mrad", scale=1e3),
    "joint_velocity": Signal(title="joint velocity", unit="rad/s"),
    "joint_current": Signal(title="motor current", unit="mA", scale=1e3),
    "imu_gyro": Signal(title="angular velocity of the base", unit="rad/s", base=True),
    "imu_gravity": Signal(title="direction of gravity", unit="mrad", scale=1e3, base=True),
}
"""By the simulation's names, in the order that they are shown in."""
