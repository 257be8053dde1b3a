"""`ImuConfig`: what an inertial sensor of a twin is, and how far it is from perfect."""

from dataclasses import dataclass

import numpy as np

from ashore.envs.errors import TwinError
from ashore.envs.simulation import Simulation
from ashore.hardware.imu.codecs import CODECS
from ashore.hardware.imu.rotation import from_angles, matrix
from ashore.hardware.imu_spec import ImuSpec

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
            raise TwinError(f"no inertial sensor speaks {self.codec!r}; some speak: {_known()}")
        if not (0.0 < self.rate <= 2000.0 and abs(self.drift) < 0.5 and self.baud > 0):
            raise TwinError(
                f"{self.rate} samples a second with a drift of {self.drift} at {self.baud} baud "
                "are not possible; a rate to 2000, a drift within 0.5 and a positive baud are"
            )


def imu_config(spec: ImuSpec, simulation: Simulation, period: float | None) -> ImuConfig:
    """Return the sensor of a robot, as imperfect as the first robot of its simulation has it.

    Args:
        spec: the sensor as its robot's spec has it.
        simulation: where bias, noise and misalignment are from, hidden or nominal.
        period: control period of a lockstep twin [s], None for one that runs in real time.
    """
    mounting = (spec.roll, spec.pitch, spec.yaw)
    bias = matrix(from_angles(*mounting)).T @ simulation.values("gyro_bias")[0]
    return ImuConfig(
        codec=spec.codec,
        baud=spec.baud,
        mounting=mounting,
        period=period,
        misalignment=_triple(simulation.values("imu_mounting")[0]),
        gyro_bias=_triple(bias),
        gyro_noise=float(np.mean(simulation.values("gyro_noise")[0])),
        orientation_noise=float(np.mean(simulation.values("gravity_noise")[0])),
    )


def _triple(values: np.ndarray) -> Triple:
    x, y, z = np.broadcast_to(values, 3).tolist()
    return (x, y, z)


def _known() -> str:
    return ", ".join(CODECS)
