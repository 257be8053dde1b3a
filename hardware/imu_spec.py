"""`ImuSpec`: an inertial sensor, how it is mounted and how it speaks."""

from dataclasses import dataclass

from ashore.hardware.tables import allowed


@dataclass(frozen=True, kw_only=True)
class ImuSpec:
    """An inertial measurement unit on a robot's free base."""

    roll: float = 0.0
    """Mounting: rotation from the base's frame to the sensor's about x [rad]."""
    pitch: float = 0.0
    """Then about y [rad]."""
    yaw: float = 0.0
    """Then about z [rad]."""

    def __post_init__(self) -> None:
        """Refuse a mounting beyond a turn."""
        for key in ("roll", "pitch", "yaw"):
            value = getattr(self, key)
            allowed(f"imu.{key}", value, abs(value) <= 3.1416, "-pi to pi rad")
