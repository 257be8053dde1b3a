"""`ImuConfig`: what an inertial sensor of a twin is, and how far it is from perfect."""

from dataclasses import dataclass

from ashore.envs.errors import TwinError
from ashore.hardware.imu.codecs import CODECS

Triple = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class ImuConfig:
    """An inertial sensor on a free base; vectors are in its own axes unless they say otherwise."""

    codec: str = "witmotion"
    """Protocol that it speaks."""
    baud: int = 115200
    """Rate that it is set to [bit/s]; a client at another rate hears noise."""
    mounting: Triple = (0.0, 0.0, 0.0)
    """Roll, pitch and yaw against the base, as the robot's spec has them [rad]."""
    rate: float = 200.0
    """Samples a second by its own clock; what its line cannot carry is not sent [Hz]."""
    drift: float = 40e-6
    """How much faster its clock is than the robot's, as a share."""
    period: float | None = None
    """If given, one sample comes with each of the robot's control periods, at once [s]."""
    misalignment: Triple = (0.0, 0.0, 0.0)
    """Rotation vector in the base's frame by which it is turned beyond its mounting [rad]."""
    gyro_bias: Triple = (0.0, 0.0, 0.0)
    """Added to the angular velocity [rad/s]."""
    acceleration_bias: Triple = (0.0, 0.0, 0.0)
    """Added to the specific force [m/s²]."""
    gyro_noise: float = 0.02
    """Standard deviation of an axis's angular velocity [rad/s]."""
    acceleration_noise: float = 0.05
    """Standard deviation of an axis's specific force [m/s²]."""
    orientation_noise: float = 0.005
    """Standard deviation of the orientation about an axis [rad]."""

    def __post_init__(self) -> None:
        """Refuse a protocol that nobody speaks and a clock that cannot run."""
        if self.codec not in CODECS:
            raise TwinError(
                f"no inertial sensor speaks {self.codec!r}; some speak: {', '.join(CODECS)}"
            )
        if not (0.0 < self.rate <= 2000.0 and abs(self.drift) < 0.5 and self.baud > 0):
            raise TwinError(
                f"{self.rate} samples a second with a drift of {self.drift} at {self.baud} baud "
                "are not possible; a rate to 2000, a drift within 0.5 and a positive baud are"
            )
