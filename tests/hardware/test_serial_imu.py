"""Laws of the inertial sensor on its line: turned into the base's frame, aged, never waited for."""

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_line import ScriptedLine

from ashore.hardware.errors import BusError, PortError, PortLost, SpecError
from ashore.hardware.imu.codecs import CODECS, make_codec
from ashore.hardware.imu.imu_sample import ImuSample
from ashore.hardware.imu.rotation import from_angles, matrix, product
from ashore.hardware.imu.serial_imu import SerialImu
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.reading import Inertial
from ashore.hardware.run.clock import LockstepClock, SystemClock
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.transport import SerialTransport

PRECISE = ImuSpec(codec="vectornav_binary")
turns = st.tuples(*[st.floats(-3.0, 3.0)] * 3)


class DeadWire:
    """A line on which whatever is written is what is heard."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def write(self, data: bytes) -> None:
        self.data += data

    def read(self, n: int, timeout: float) -> bytes:
        data, self.data = self.data[:n], self.data[n:]
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        return self.read(len(self.data), quiet_seconds)

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self.data = b""


class Talker:
    """A sensor on a pseudo-terminal, and whoever listens to it."""

    def __init__(self, spec: ImuSpec = PRECISE, lockstep: bool = False) -> None:
        self.line = ScriptedLine(lambda _: b"")
        self.codec = make_codec(spec.codec)
        self.imu = SerialImu(spec, SerialTransport(self.line.port, spec.baud), lockstep)

    def say(self, data: bytes, now: float) -> Inertial:
        """Let the host read until all of `data` has come."""
        expected = self.imu.received + len(data)
        self.line.say(data)
        inertial = self.imu.read(now)
        while self.imu.received < expected:
            inertial = self.imu.read(now)
        return inertial

    def spin(self, rate: float, now: float) -> Inertial:
        return self.say(self.codec.encode(spinning(rate)), now)


def spinning(rate: float) -> ImuSample:
    return ImuSample(
        acceleration=np.array([0.0, 0.0, 9.8]),
        gyro=np.array([0.0, 0.0, rate]),
        quaternion=np.array([1.0, 0.0, 0.0, 0.0]),
    )


@pytest.fixture
def talkers() -> Iterator[Callable[..., Talker]]:
    made: list[Talker] = []

    def make(spec: ImuSpec = PRECISE, lockstep: bool = False) -> Talker:
        made.append(Talker(spec, lockstep))
        return made[-1]

    yield make
    for talker in made:
        talker.imu.close()
        if talker.line._open:
            talker.line.unplug()


def listened(spec: ImuSpec, sample: ImuSample) -> Inertial:
    return SerialImu(spec, DeadWire(make_codec(spec.codec).encode(sample))).read(0.0)


@given(mounting=turns, orientation=turns, spin=turns, force=turns)
def test_a_sensor_that_is_mounted_askew_says_the_same_of_the_base(
    mounting: tuple[float, ...],
    orientation: tuple[float, ...],
    spin: tuple[float, ...],
    force: tuple[float, ...],
) -> None:
    base = ImuSample(
        acceleration=np.array(force) * 3.0 + [0, 0, 1],
        gyro=np.array(spin),
        quaternion=from_angles(*orientation),
    )
    assert base.quaternion is not None
    roll, pitch, yaw = mounting
    turn = from_angles(roll, pitch, yaw)
    askew = ImuSample(
        acceleration=matrix(turn).T @ base.acceleration,
        gyro=matrix(turn).T @ base.gyro,
        quaternion=product(base.quaternion, turn),
    )
    straight = listened(PRECISE, base)
    turned = listened(replace(PRECISE, roll=roll, pitch=pitch, yaw=yaw), askew)
    for name in ("gyro", "gravity", "acceleration"):
        np.testing.assert_allclose(getattr(turned, name), getattr(straight, name), atol=1e-5)


def test_mounting_is_about_the_bases_axes_in_their_order() -> None:
    # Its x axis points left after a quarter turn about z; its z axis then points forward after one
    # about y before that: what it feels along z the base feels forward, turned left.
    sample = ImuSample(
        acceleration=np.array([0.0, 0.0, 9.8]),
        gyro=np.array([0.0, 0.0, 1.0]),
        quaternion=np.array([1.0, 0.0, 0.0, 0.0]),
    )
    found = listened(replace(PRECISE, pitch=math.pi / 2), sample)
    np.testing.assert_allclose(found.gyro, [1.0, 0.0, 0.0], atol=1e-6)
    found = listened(replace(PRECISE, pitch=math.pi / 2, yaw=math.pi / 2), sample)
    np.testing.assert_allclose(found.gyro, [0.0, 1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.gravity, [0.0, -1.0, 0.0], atol=1e-6)
    # A VectorNav that lies flat: its z axis points down, and the base's up.
    flat = make_codec("vectornav").feed(
        b"$VNQMR,+0.004183,+0.001149,+0.089285,+0.995997,+00.0113,-00.2384,+00.1800,"
        b"+00.020,-00.092,-09.683,-00.000272,+00.000824,+00.000073,T0000000543*3D\r\n"
    )
    found = listened(ImuSpec(codec="vectornav", roll=math.pi), flat[0])
    np.testing.assert_allclose(found.gravity, [0.0, 0.0, -1.0], atol=0.01)
    np.testing.assert_allclose(found.acceleration, [0.02, 0.092, 9.683], atol=1e-3)


def test_without_an_orientation_gravity_is_against_the_force() -> None:
    sample = ImuSample(acceleration=np.array([3.0, 0.0, 4.0]), gyro=np.zeros(3))
    np.testing.assert_allclose(listened(PRECISE, sample).gravity, [-0.6, 0.0, -0.8], atol=1e-6)


@pytest.mark.parametrize("codec", CODECS)
def test_a_sample_is_fresh_when_it_comes_and_ages_until_the_next(
    talkers: Callable[..., Talker], codec: str
) -> None:
    talker = talkers(ImuSpec(codec=codec))
    assert talker.imu.read(0.0).age == math.inf
    assert talker.spin(1.0, now=1.0).age == 0.0
    aged = talker.imu.read(1.5)
    assert aged.age == 0.5
    np.testing.assert_allclose(aged.gyro, [0.0, 0.0, 1.0], atol=1e-3)
    assert talker.spin(2.0, now=2.0).age == 0.0


def test_of_many_samples_the_newest_counts(talkers: Callable[..., Talker]) -> None:
    talker = talkers()
    data = b"".join(talker.codec.encode(spinning(k / 100.0)) for k in range(80))
    assert talker.say(data, 1.0).gyro[2] == pytest.approx(0.79)


def test_a_frozen_sensor_gives_no_new_sample(talkers: Callable[..., Talker]) -> None:
    talker = talkers()
    talker.spin(1.0, now=0.0)
    assert [talker.spin(1.0, now=k / 10.0).age for k in (1, 2, 3)] == [0.1, 0.2, 0.3]
    assert talker.imu.repeated == 3
    assert talker.spin(1.1, now=0.4).age == 0.0


def test_what_is_no_number_is_no_sample(talkers: Callable[..., Talker]) -> None:
    talker = talkers()
    talker.spin(1.0, now=0.0)
    for quaternion in ([np.nan, 0, 0, 0], [0, 0, 0, 0], [np.inf, 0, 0, 0], [3, 0, 0, 0]):
        broken = replace(spinning(5.0), quaternion=np.array(quaternion, dtype=float))
        found = talker.say(talker.codec.encode(broken), now=1.0)
        assert found.age == 1.0
        np.testing.assert_allclose(found.gyro, [0.0, 0.0, 1.0])
    nothing = replace(spinning(5.0), gyro=np.full(3, np.nan))
    assert talker.say(talker.codec.encode(nothing), now=2.0).age == 2.0
    assert talker.imu.unsound == 5


@given(noise=st.lists(st.binary(min_size=1, max_size=80), max_size=6))
def test_corrupt_bytes_are_counted_and_never_a_sample(noise: list[bytes]) -> None:
    for codec in CODECS:
        wire = DeadWire()
        imu = SerialImu(ImuSpec(codec=codec), wire)
        good = imu.codec.encode(spinning(1.0))
        wire.write(good)
        before = imu.read(0.0)
        for data in noise:
            wire.write(data + good[: len(good) // 2])
            after = imu.read(1.0)
            assert after.age == 1.0
            np.testing.assert_array_equal(after.gyro, before.gyro)


def test_an_unplugged_sensor_is_a_port_lost(talkers: Callable[..., Talker]) -> None:
    talker = talkers()
    talker.spin(1.0, now=0.0)
    talker.line.unplug()
    with pytest.raises(PortLost, match=talker.line.port):
        talker.imu.read(1.0)


def test_in_lockstep_the_sample_of_a_tick_is_waited_for(talkers: Callable[..., Talker]) -> None:
    talker = talkers(lockstep=True)
    for tick in range(30):
        talker.line.say(talker.codec.encode(spinning(tick / 10.0)))
        inertial = talker.imu.read(tick / 50.0)
        assert (inertial.age, inertial.gyro[2]) == (0.0, pytest.approx(tick / 10.0))


def test_in_lockstep_a_sensor_that_says_nothing_is_given_up(
    talkers: Callable[..., Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ashore.hardware.imu.serial_imu._LOCKSTEP", 0.01)
    imu = talkers(lockstep=True).imu
    assert [imu.read(k / 50.0).age for k in range(3)] == [math.inf] * 3


def test_opening_waits_for_a_first_sample_and_taps_its_bytes() -> None:
    line = ScriptedLine(lambda _: b"")
    seen: list[tuple[str, bytes]] = []
    frame = make_codec("witmotion").encode(spinning(1.0))
    stop = _repeat(lambda: line.say(frame))
    imu = SerialImu.open(
        ImuSpec(), line.port, SystemClock(), tap=lambda way, data: seen.append((way, data))
    )
    stop()
    assert imu.read(SystemClock().now()).gyro[2] == pytest.approx(1.0, abs=1e-3)
    assert {way for way, _ in seen} == {"imu"}
    assert frame in b"".join(data for _, data in seen)
    imu.close()
    line.unplug()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ashore.hardware.imu.serial_imu._FIRST", 0.1)
    monkeypatch.setattr("ashore.hardware.imu.imu_scan.BAUDS", (115200,))
    monkeypatch.setattr("ashore.hardware.imu.imu_scan._LISTENED", 0.1)


@pytest.mark.usefixtures("hasty")
def test_a_sensor_that_speaks_something_else_is_named_in_the_refusal() -> None:
    line = ScriptedLine(lambda _: b"")
    sample = make_codec("vectornav").encode(spinning(1.0))
    stop = _repeat(lambda: line.say(sample))
    with pytest.raises(
        BusError, match=r"speaks vectornav at 115200 baud: .* codec = \"vectornav\""
    ):
        SerialImu.open(ImuSpec(), line.port, SystemClock())
    stop()
    line.unplug()


@pytest.mark.usefixtures("hasty")
def test_what_no_codec_knows_is_refused_with_what_came() -> None:
    line = ScriptedLine(lambda _: b"")
    stop = _repeat(lambda: line.say(b"$VNYMR,+100.949,-007.330,+000.715*69\r\n"))
    with pytest.raises(BusError, match=r"no sample of a witmotion sensor .* bytes came; check its"):
        SerialImu.open(ImuSpec(), line.port, SystemClock())
    stop()
    line.unplug()
    with pytest.raises(PortError):
        SerialImu.open(ImuSpec(), "/dev/not_there", SystemClock())


def test_in_lockstep_opening_waits_for_nothing() -> None:
    line = ScriptedLine(lambda _: b"")
    SerialImu.open(ImuSpec(), line.port, LockstepClock()).close()
    line.unplug()


def test_a_spec_names_its_sensor_and_is_refused_what_cannot_be() -> None:
    assert RobotSpec.load("quadruped").imu == ImuSpec(codec="witmotion", baud=115200)
    for wrong, said in (
        ({"codec": "xsens"}, "imu.codec is 'xsens'; allowed: one of witmotion, vectornav"),
        ({"baud": 0}, "imu.baud is 0; allowed"),
        ({"roll": 4.0}, "imu.roll is 4.0; allowed"),
    ):
        with pytest.raises(SpecError, match=said):
            ImuSpec(**wrong)


def _repeat(action: Callable[[], None]) -> Callable[[], None]:
    """Do something again and again in a thread; return what ends it."""
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.wait(0.01):
            action()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join()

    return stop
