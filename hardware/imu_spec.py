"""`ImuSpec`: an inertial sensor, how it is mounted and how it speaks."""

from dataclasses import dataclass

from ashore.hardware.imu.codecs import CODECS
from ashore.hardware.tables import Vector3, allowed, vector3


@dataclass(frozen=True, kw_only=True)
class ImuSpec:
    """An inertial measurement unit on a robot's free base, on a serial line of its own.

    `R = Rz(yaw) Ry(pitch) Rx(roll)` turns a vector in the sensor's axes, those printed on its case,
    into one in the base's: x forward, y left, z up.
    """

    roll: float = 0.0
    """Mounting: rotation from the base's frame to the sensor's about the base's x [rad]."""
    pitch: float = 0.0
    """Then about the base's y [rad]."""
    yaw: float = 0.0
    """Then about the base's z [rad]."""
    codec: str = "witmotion"
    """Protocol that it speaks: witmotion, vectornav or vectornav_binary."""
    baud: int = 115200
    """Rate of its line [bit/s]."""
    gyro_bias: Vector3 = (0.0, 0.0, 0.0)
    """What its gyroscope says at rest, in the sensor's axes; it is taken off [rad/s]."""

    def __post_init__(self) -> None:
        """Refuse a mounting beyond a turn, a protocol that nobody speaks, a rate of no line."""
        for key in ("roll", "pitch", "yaw"):
            value = getattr(self, key)
            allowed(f"imu.{key}", value, abs(value) <= 3.1416, "-pi to pi rad")
        allowed("imu.codec", self.codec, self.codec in CODECS, f"one of {', '.join(CODECS)}")
        vector3("imu.gyro_bias", self.gyro_bias)
        possible = 1200 <= self.baud <= 4_000_000
        allowed("imu.baud", self.baud, possible, "1200 to 4000000 bit/s")
