"""Laws of the twin's inertial sensor: it feels the plant and speaks on a tty of its own."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pendulum_plant import PendulumPlant

from ashore.envs.errors import TwinError
from ashore.envs.physics.rotation import quaternion
from ashore.envs.simulation import Simulation
from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.imu.imu_firmware import ImuFirmware
from ashore.envs.twin.imu.robot_imu import robot_imu
from ashore.envs.twin.plant import Drive, InertialSense, Plant, Sense
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import PortLost
from ashore.hardware.imu.codecs import make_codec
from ashore.hardware.imu.imu_sample import ImuSample
from ashore.hardware.imu.imu_scan import scan_imu
from ashore.hardware.imu.rotation import from_angles, matrix
from ashore.hardware.imu.serial_imu import SerialImu
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.run.clock import LockstepClock, SystemClock
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport

QUIET = {"gyro_noise": 0.0, "acceleration_noise": 0.0, "orientation_noise": 0.0}
PERFECT = ImuConfig(**QUIET)
PRECISE = replace(PERFECT, codec="vectornav_binary")
TURNING = InertialSense(
    angular_velocity=np.array([0.1, -0.2, 0.3]),
    specific_force=np.array([1.0, 2.0, 9.0]),
    rotation=from_angles(0.2, -0.3, 0.4),
)
QUADRUPED = RobotSpec.load("quadruped")


class TopPlant(PendulumPlant):
    """Pendulums on a base that turns ever faster about z, one radian a second more each second."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.seconds = 0.0

    def step(self, drive: Drive) -> Sense:
        self.seconds += self.step_seconds
        return super().step(drive)

    def inertial(self) -> InertialSense:
        return InertialSense(
            angular_velocity=np.array([0.0, 0.0, self.seconds]),
            specific_force=np.array([0.0, 0.0, 9.8]),
            rotation=from_angles(0.0, 0.0, self.seconds**2 / 2.0),
        )


def said(config: ImuConfig, seconds: float, sense: InertialSense = TURNING) -> list[ImuSample]:
    """What a sensor says of an unchanging motion, heard every millisecond."""
    firmware = ImuFirmware(make_codec(config.codec), config, seed=0)
    heard = make_codec(config.codec)
    moments = np.arange(1, round(seconds * 1000) + 1) / 1000.0
    return [s for now in moments for s in heard.feed(firmware.advance(now, sense))]


@pytest.fixture
def serve() -> Iterator[Callable[..., Twin]]:
    """Serves twins in threads, and unplugs them all."""
    twins: list[tuple[Twin, threading.Thread]] = []

    def make(plant: Plant, **config: object) -> Twin:
        twin = Twin(TwinConfig(**{"clock": "lockstep", "rate": 50.0, **config}), plant)
        twin.open()
        thread = threading.Thread(target=twin.serve, daemon=True)
        thread.start()
        twins.append((twin, thread))
        return twin

    yield make
    for twin, thread in twins:
        unplug(twin, thread)


def unplug(twin: Twin, thread: threading.Thread) -> None:
    twin.stop()
    thread.join(30.0)
    assert not thread.is_alive()
    twin.close()


def test_a_perfect_sensor_says_the_motion() -> None:
    found = said(PRECISE, 0.1)[0]
    np.testing.assert_allclose(found.gyro, TURNING.angular_velocity, atol=1e-6)
    np.testing.assert_allclose(found.acceleration, TURNING.specific_force, atol=1e-6)
    np.testing.assert_allclose(found.gravity, -matrix(TURNING.rotation)[2], atol=1e-6)


def test_a_sensor_speaks_at_the_rate_of_its_own_clock() -> None:
    assert len(said(replace(PERFECT, rate=100.0, drift=0.0), 2.005)) == 200
    # One in fifty fast: 204 in two seconds.
    assert len(said(replace(PERFECT, rate=100.0, drift=0.02), 2.005)) == 204
    assert len(said(replace(PERFECT, rate=100.0, drift=-0.02), 2.005)) == 196


def test_a_sample_takes_the_time_of_its_line_and_one_too_many_is_left_out() -> None:
    config = replace(PERFECT, rate=100.0, drift=0.0)
    firmware = ImuFirmware(make_codec("witmotion"), config, seed=0)
    # 33 bytes of ten bits at 115200 bit/s are 2.9 ms behind the sample at 10 ms.
    assert firmware.advance(0.0128, TURNING) == b""
    assert firmware.due(0.0129)
    assert len(firmware.advance(0.0129, TURNING)) == 33
    # At 9600 bit/s they take 34 ms: one in four comes through.
    assert len(said(replace(config, baud=9600), 1.0)) == 24


def test_bias_and_noise_are_what_they_are_said_to_be_and_of_a_seed() -> None:
    biased = replace(PRECISE, gyro_bias=(0.1, 0.0, -0.1), acceleration_bias=(0.0, 0.5, 0.0))
    found = said(biased, 0.1)[0]
    np.testing.assert_allclose(found.gyro - TURNING.angular_velocity, [0.1, 0.0, -0.1], atol=1e-6)
    np.testing.assert_allclose(found.acceleration[1], 2.5, atol=1e-6)
    noisy = replace(PRECISE, rate=500.0, gyro_noise=0.02, orientation_noise=0.005, baud=921600)
    samples = said(noisy, 2.0)
    gyro = np.array([sample.gyro for sample in samples])
    gravity = np.array([sample.gravity for sample in samples])
    assert np.std(gyro, axis=0) == pytest.approx([0.02] * 3, rel=0.15)
    tilt = np.linalg.norm(gravity + matrix(TURNING.rotation)[2], axis=1)
    # About the two axes that gravity isn't along.
    assert np.sqrt(np.mean(tilt**2)) == pytest.approx(0.005 * np.sqrt(2.0), rel=0.15)
    assert said(noisy, 0.1)[0].repeats(samples[0])


def test_a_mounted_sensor_is_turned_back_by_whoever_knows_its_mounting() -> None:
    mounting = (0.3, -0.4, 2.0)
    found = said(replace(PRECISE, mounting=mounting), 0.1)[0]
    back = matrix(from_angles(*mounting))
    np.testing.assert_allclose(back @ found.gyro, TURNING.angular_velocity, atol=1e-6)
    np.testing.assert_allclose(back @ found.gravity, -matrix(TURNING.rotation)[2], atol=1e-6)


def test_what_the_simulation_hides_of_its_sensor_the_twin_hides_too() -> None:
    simulation = Simulation(QUADRUPED, 1)
    only = np.array([0])
    simulation.set("imu_mounting", np.array([[0.1, -0.05, 0.2]]), only)
    bias = np.array([0.03, 0.0, -0.02])
    simulation.set("gyro_bias", bias[None], only)
    spec = ImuSpec(codec="vectornav_binary", roll=0.3, pitch=-0.4, yaw=2.0)
    config = replace(robot_imu(spec, simulation, None), **QUIET)
    found = said(config, 0.1)[0]
    back = matrix(from_angles(spec.roll, spec.pitch, spec.yaw))
    # As the wire model has it: turned by the inverse of the mounting, then biased.
    seen = matrix(quaternion(np.array([0.1, -0.05, 0.2]))).T @ TURNING.angular_velocity
    np.testing.assert_allclose(back @ found.gyro, seen + bias, atol=1e-6)
    turned = matrix(quaternion(np.array([0.1, -0.05, 0.2]))).T @ -matrix(TURNING.rotation)[2]
    np.testing.assert_allclose(back @ found.gravity, turned, atol=1e-6)


@pytest.mark.parametrize("codec", ["witmotion", "vectornav", "vectornav_binary"])
def test_in_lockstep_each_joint_read_brings_one_sample_of_its_own_moment(
    serve: Callable[..., Twin], codec: str
) -> None:
    config = replace(PERFECT, codec=codec, period=0.02)
    twin = serve(TopPlant(2), ids=(1, 2), imu=config)
    bus = Bus(SerialTransport(twin.open()), BusConfig(latency=5.0, retries=0))
    imu = SerialImu.open(ImuSpec(codec=codec), str(twin.imu_port), LockstepClock())
    for tick in range(1, 25):
        assert all(result.ok for result in bus.fast_sync_read([1, 2], 132, 4).values())
        found = imu.read(tick * 0.02)
        assert found.age == 0.0
        assert found.gyro[2] == pytest.approx(tick * 0.02, abs=6e-4)
    assert (imu.codec.corrupt, imu.repeated, imu.unsound) == (0, 0, 0)
    imu.close()
    bus.close()


def test_what_a_quadrupeds_sensor_says_is_what_its_simulation_senses(
    serve: Callable[..., Twin],
) -> None:
    plant = ServoPlant(QUADRUPED, {})
    spec = ImuSpec(roll=0.4, pitch=-0.3, yaw=1.0)
    config = robot_imu(spec, plant.simulation, 1.0 / QUADRUPED.rate)
    models = tuple(joint.servo for joint in QUADRUPED.joints)
    twin = serve(plant, ids=QUADRUPED.ids, model=models, imu=replace(config, **QUIET))
    clock = LockstepClock()
    mounted = replace(QUADRUPED, imu=spec)
    robot = SerialRobot.open(mounted, twin.open(), clock, imu_port=twin.imu_port)
    for tick in range(1, 40):
        clock.sleep_until(tick / QUADRUPED.rate)
        found, sensed = robot.read().inertial, plant.simulation.sense()
        assert found is not None
        assert found.age == 0.0
        # Counts of 2000 °/s of 32768 are 0.0011 rad/s, of 180° 0.0001 rad, each axis half of one.
        np.testing.assert_allclose(found.gyro, sensed["imu_gyro"][0], atol=0.0011)
        np.testing.assert_allclose(found.gravity, sensed["imu_gravity"][0], atol=0.00015)
    assert float(np.linalg.norm(found.gyro)) > 0.01  # it is limp, and falls
    robot.close()


def test_an_unplugged_twin_is_lost_on_both_lines() -> None:
    twin = Twin(TwinConfig(ids=(1, 2), rate=50.0, clock="lockstep", imu=PERFECT), TopPlant(2))
    with twin:
        wire = SerialTransport(twin.open())
        imu = SerialImu.open(ImuSpec(), str(twin.imu_port), LockstepClock())
    for gone in (lambda: wire.read(1, 1.0), lambda: imu.read(1.0)):
        with pytest.raises(PortLost):
            gone()
    wire.close()
    imu.close()


def test_at_another_rate_nothing_is_understood(serve: Callable[..., Twin]) -> None:
    twin = serve(TopPlant(2), ids=(1, 2), imu=replace(PERFECT, period=0.02))
    bus = Bus(SerialTransport(twin.open()), BusConfig(latency=5.0, retries=0))
    wire = SerialTransport(str(twin.imu_port), 9600)
    imu = SerialImu(ImuSpec(), wire)
    for tick in range(1, 20):
        bus.fast_sync_read([1, 2], 132, 4)
        assert imu.read(tick * 0.02).age == np.inf
    imu.close()
    bus.close()


def test_a_sensor_that_nobody_hears_holds_nobody_up(serve: Callable[..., Twin]) -> None:
    config = replace(PERFECT, codec="vectornav", period=0.02)
    twin = serve(TopPlant(2), ids=(1, 2), imu=config)
    bus = Bus(SerialTransport(twin.open()), BusConfig(latency=5.0, retries=0))
    # 118 bytes each: more than the 19,500 that a pseudo-terminal holds.
    for _ in range(250):
        assert all(result.ok for result in bus.fast_sync_read([1, 2], 132, 4).values())
    imu = SerialImu.open(ImuSpec(codec="vectornav"), str(twin.imu_port), LockstepClock())
    bus.fast_sync_read([1, 2], 132, 4)
    assert imu.read(251 * 0.02).gyro[2] == pytest.approx(251 * 0.02, abs=1e-3)
    imu.close()
    bus.close()


def test_a_fixed_base_has_no_sensor() -> None:
    with pytest.raises(TwinError, match="base is fixed"):
        Twin(TwinConfig(ids=(1, 2), rate=50.0, imu=PERFECT), PendulumPlant(2))
    with pytest.raises(TwinError, match="no inertial sensor speaks 'xsens'"):
        ImuConfig(codec="xsens")


@pytest.mark.slow
def test_a_twins_process_names_both_its_ports(tmp_path: Path) -> None:
    link = tmp_path / "robot"
    with TwinProcess(TwinOptions(robot="quadruped", link=link, clock="lockstep")) as twin:
        assert (twin.port, twin.imu_port) == (str(link), f"{link}-imu")
        clock = LockstepClock()
        robot = SerialRobot.open(QUADRUPED, twin.port, clock, imu_port=twin.imu_port)
        for tick in range(1, 10):
            clock.sleep_until(tick / QUADRUPED.rate)
            found = robot.read().inertial
            assert found is not None
            assert found.age == 0.0
            assert found.gravity[2] < -0.9
        robot.close()
    with TwinProcess(TwinOptions(clock="lockstep")) as twin:
        assert twin.imu_port is None


@pytest.mark.slow
def test_in_real_time_samples_come_by_themselves() -> None:
    with TwinProcess(TwinOptions(robot="quadruped")) as twin:
        assert QUADRUPED.imu is not None
        imu = SerialImu.open(QUADRUPED.imu, str(twin.imu_port), SystemClock())
        assert np.isfinite(imu.read(SystemClock().now()).age)
        imu.close()


@pytest.mark.slow
def test_a_sensor_is_found_whatever_it_is_set_to() -> None:
    for codec, baud in (("witmotion", 9600), ("vectornav_binary", 230400)):
        config = replace(PERFECT, codec=codec, baud=baud, rate=20.0)
        twin = Twin(TwinConfig(ids=(1, 2), rate=50.0, imu=config), TopPlant(2))
        twin.open()
        thread = threading.Thread(target=twin.serve, daemon=True)
        thread.start()
        found = scan_imu(str(twin.imu_port))
        unplug(twin, thread)
        assert found is not None
        assert (found.codec, found.baud) == (codec, baud)
        assert found.rate > 0.0
