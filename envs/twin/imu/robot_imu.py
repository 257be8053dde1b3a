"""`robot_imu`: the inertial sensor that a robot's twin has."""

import numpy as np

from ashore.envs.simulation import Simulation
from ashore.envs.twin.imu.imu_config import ImuConfig, Triple
from ashore.hardware.imu.rotation import from_angles, matrix
from ashore.hardware.imu_spec import ImuSpec


def robot_imu(spec: ImuSpec, simulation: Simulation, period: float | None) -> ImuConfig:
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
