"""PyPI's client of WitMotion sensors takes the twin's for one."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from oracle import needs, visit

from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.plant import Drive, InertialSense, Sense
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.hardware.imu.rotation import from_angles

ANGLES = (20.0, -35.0, 130.0)
"""Roll, pitch and yaw of the base [deg]."""
QUIET = ImuConfig(gyro_noise=0.0, acceleration_noise=0.0, orientation_noise=0.0)


class HeldPlant:
    """One motor that does nothing, on a base that is held askew and turned."""

    step_seconds = 0.001

    def step(self, drive: Drive) -> Sense:
        return self.sense()

    def sense(self) -> Sense:
        still = np.zeros(1)
        return Sense(
            position=still,
            velocity=still,
            current=still,
            duty=still,
            voltage=still + 5.0,
            temperature=still + 25.0,
        )

    def inertial(self) -> InertialSense:
        return InertialSense(
            angular_velocity=np.radians([100.0, -50.0, 25.0]),
            specific_force=np.array([1.0, -2.0, 9.0]),
            rotation=from_angles(*np.radians(ANGLES)),
        )


@pytest.fixture
def port() -> Iterator[str]:
    twin = Twin(TwinConfig(ids=(1,), rate=50.0, paced=False, imu=QUIET), HeldPlant())
    twin.open()
    thread = threading.Thread(target=twin.serve, daemon=True)
    thread.start()
    yield str(twin.imu_port)
    twin.stop()
    thread.join(30.0)
    assert not thread.is_alive()
    twin.close()


@needs("witmotion")
def test_a_client_that_nobody_here_wrote_hears_the_twins_motion(port: str) -> None:
    seen = visit("witmotion_imu", port, "witmotion")
    # It takes g for 9.8 m/s²; a count is 0.0055°, 0.061 °/s and 0.0048 m/s².
    assert seen["angles"] == pytest.approx(ANGLES, abs=0.006)
    assert seen["spin"] == pytest.approx((100.0, -50.0, 25.0), abs=0.062)
    assert seen["force"] == pytest.approx((1.0, -2.0, 9.0), abs=0.012)
