"""Laws of the inertial sensors' codecs: bytes that nobody here wrote, and bytes that are broken."""

import binascii

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ashore.hardware.errors import SpecError
from ashore.hardware.imu.codecs import CODECS, make_codec
from ashore.hardware.imu.imu_codec import ImuCodec
from ashore.hardware.imu.imu_sample import ImuSample
from ashore.hardware.imu.rotation import from_angles, matrix, product, to_angles
from ashore.hardware.imu.vectornav_binary import common_fields

# A HWT905 in a hand, from the tests of another parser, cmr_imu's test_hwt905_parser.py.
FORCE = bytes.fromhex("55 51 0b fe c4 fe a8 07 8e 09 b7")
SPIN = bytes.fromhex("55 52 3f 00 f9 04 6f ff a3 09 fd")
ANGLES = bytes.fromhex("55 53 8a f8 93 05 6d f3 f5 46 5d")
FIELD = bytes.fromhex("55 54 16 05 5d 0b 23 ef 00 00 3e")
# A HWT901B at rest, from mdrobot_imu's test_protocol.py: it clamps a slow turn to nothing at all.
RESTING = bytes.fromhex("5551 0000 3d00 2108 070a 1d 5552 0000 0000 0000 070a b8")
# VN-100s that stood on benches: the first from its maker's own library, the last two upside down
# and much tilted.
LINES = [
    b"$VNYMR,+100.949,-007.330,+000.715,-00.0049,-00.2449,+00.5397,"
    b"-01.258,-00.100,-09.701,-00.000018,+00.001122,-00.000551*69\r\n",
    b"$VNQMR,+0.004183,+0.001149,+0.089285,+0.995997,+00.0113,-00.2384,+00.1800,"
    b"+00.020,-00.092,-09.683,-00.000272,+00.000824,+00.000073,T0000000543*3D\r\n",
    b"$VNYMR,-004.328,+001.357,+178.257,+00.2219,-00.0720,+00.4652,"
    b"+00.226,-00.321,+10.043,-00.001188,+00.001866,-00.007661*6C\r\n",
    b"$VNYMR,-165.981,-037.301,+001.245,+00.2901,+00.0720,+00.7482,"
    b"-05.966,-00.150,-07.836,+00.001373,-00.001533,-00.001054*68\r\n",
]
# UM001, section 4.3.7, example 1; and three of a robot's, from a comment in its driver.
ATTITUDES = {
    "FA 01 08 00 93 50 2E 42 83 3E F1 3F 48 B5 04 BB 92 88": (43.578686, 1.8847202, -0.0020249654),
    "FA 01 08 00 AE 23 1D C3 2D B1 17 C0 01 BA BC 40 48 48": (-157.13937, -2.3701889, 5.8977056),
    "FA 01 08 00 9D 21 1D C3 DB 3E 18 C0 BC 8F BC 40 7B C3": (-157.1313, -2.3788364, 5.892546),
}

unit = st.floats(-1.0, 1.0)
vectors = st.tuples(unit, unit, unit).map(np.array)
rolls = st.tuples(st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1))
samples = st.builds(
    lambda force, spin, angles: ImuSample(
        acceleration=force * 100.0 + [0.0, 0.0, 30.0],
        gyro=spin * 30.0,
        quaternion=from_angles(*angles),
    ),
    vectors,
    vectors,
    rolls,
)
names = pytest.mark.parametrize("name", CODECS)


def codec_with(name: str, data: bytes) -> tuple[ImuCodec, list[ImuSample]]:
    codec = make_codec(name)
    return codec, codec.feed(data)


def assert_near(a: ImuSample, b: ImuSample) -> None:
    # Half a count of the coarsest: 16 g, 2000 °/s and 180° of 32768, and 3 decimals of text.
    np.testing.assert_allclose(a.acceleration, b.acceleration, atol=0.0025)
    np.testing.assert_allclose(a.gyro, b.gyro, atol=0.00054)
    np.testing.assert_allclose(a.gravity, b.gravity, atol=0.0002)


def test_a_sensor_in_a_hand_says_what_its_maker_says_it_says() -> None:
    _, [sample] = codec_with("witmotion", FORCE + SPIN + ANGLES + FIELD)
    g = 9.80665
    # -501, -316 and 1960 counts of 16 g.
    expected = [-0.24463 * g, -0.15430 * g, 0.95703 * g]
    np.testing.assert_allclose(sample.acceleration, expected, atol=1e-4)
    # 63, 1273 and -145 counts of 2000 °/s.
    np.testing.assert_allclose(np.degrees(sample.gyro), [3.845, 77.698, -8.850], atol=1e-3)
    assert sample.quaternion is not None
    # -1910, 1427 and -3219 counts of 180°.
    found = np.degrees(to_angles(sample.quaternion))
    np.testing.assert_allclose(found, [-10.492, 7.839, -17.682], atol=1e-3)
    # It is being shaken, and still its force is within ten degrees of against gravity.
    force = sample.acceleration / np.linalg.norm(sample.acceleration)
    assert float(force @ -sample.gravity) > np.cos(np.radians(10.0))


def test_a_witmotion_quaternion_is_taken_where_no_angles_come() -> None:
    # Half a turn about z: w, x, y, z = 0, 0, 0, 32767; 0x55 + 0x59 + 0x7f + 0xff = 0x22c.
    quaternion = bytes.fromhex("55 59 00 00 00 00 00 00 ff 7f 2c")
    _, [sample] = codec_with("witmotion", FORCE + SPIN + quaternion)
    assert sample.quaternion is not None
    np.testing.assert_allclose(sample.quaternion, [0, 0, 0, 1], atol=1e-4)
    _, [both] = codec_with("witmotion", FORCE + SPIN + ANGLES + quaternion)
    assert both.quaternion is not None
    assert abs(both.quaternion[3]) < 0.2


def test_a_witmotion_sensor_without_orientation_is_believed_after_ten_samples() -> None:
    codec, found = codec_with("witmotion", RESTING * 10)
    assert found == []
    more = codec.feed(RESTING * 2)
    assert [sample.quaternion for sample in more] == [None, None]
    np.testing.assert_allclose(more[0].gravity, [0.0, -0.0293, -0.9996], atol=1e-4)
    # And one that turns out to have an orientation is heard with it, once a sample.
    with_angles = codec.feed((FORCE + SPIN + ANGLES) * 3)
    assert [sample.quaternion is None for sample in with_angles] == [True, False, False]


@pytest.mark.parametrize("line", LINES)
def test_gravity_points_against_the_force_on_a_bench(line: bytes) -> None:
    codec, [sample] = codec_with("vectornav", line)
    assert codec.corrupt == 0
    force = sample.acceleration / np.linalg.norm(sample.acceleration)
    np.testing.assert_allclose(sample.gravity, -force, atol=0.012)


def test_a_vectornav_line_is_what_its_maker_prints() -> None:
    codec, [sample] = codec_with("vectornav", LINES[1])
    again = codec.encode(sample).decode()
    # But for the magnetometer, which no robot here reads, and the time, an option.
    assert again.startswith("$VNQMR,+0.004183,+0.001149,+0.089285,+0.995997,")
    assert ",+00.020,-00.092,-09.683,-00.000272,+00.000824,+00.000073*" in again


@pytest.mark.parametrize(("frame", "attitude"), ATTITUDES.items())
def test_a_vectornav_frame_is_read_as_its_maker_reads_it(
    frame: str, attitude: tuple[float, ...]
) -> None:
    data = bytes.fromhex(frame)
    codec, found = codec_with("vectornav_binary", data)
    assert (codec.corrupt, found) == (0, [])  # whole, but an attitude alone is no sample
    angles = np.frombuffer(common_fields(data)[3], dtype="<f4")
    np.testing.assert_allclose(angles, attitude, rtol=1e-6)
    # The same fields with force and angular velocity behind them are one.
    mask, rest = b"\x28\x01", np.array([0, 0, 1, 0, 0, -9.8], dtype="<f4").tobytes()
    body = b"\x01" + mask + data[4:16] + rest
    [sample] = codec.feed(b"\xfa" + body + binascii.crc_hqx(body, 0).to_bytes(2, "big"))
    yaw, pitch, roll = np.radians(attitude)
    # Down, seen from a body that is turned by yaw, pitch and roll from north, east and down.
    down = matrix(from_angles(roll, pitch, yaw)).T @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(sample.gravity, down, atol=1e-6)
    np.testing.assert_allclose(sample.gyro, [0.0, 0.0, 1.0])


def test_the_text_and_the_binary_protocol_agree_about_the_same_motion() -> None:
    [spoken] = make_codec("vectornav").feed(LINES[3])
    binary = make_codec("vectornav_binary")
    [sent] = binary.feed(binary.encode(spoken))
    assert spoken.quaternion is not None
    assert sent.quaternion is not None
    np.testing.assert_allclose(sent.quaternion, spoken.quaternion, atol=1e-6)
    assert_near(sent, spoken)


@names
@given(sample=samples)
@settings(max_examples=40, deadline=None)
def test_what_a_sensor_sends_is_what_is_heard_but_for_its_coarseness(
    name: str, sample: ImuSample
) -> None:
    codec = make_codec(name)
    [heard] = codec.feed(codec.encode(sample))
    assert_near(heard, sample)
    assert codec.corrupt == 0


@given(angles=rolls, other=rolls)
@settings(max_examples=40, deadline=None)
def test_rotations_are_one_thing_in_three_forms(
    angles: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    first, second = from_angles(*angles), from_angles(*other)
    np.testing.assert_allclose(to_angles(first), angles, atol=1e-6)
    both = matrix(product(first, second))
    np.testing.assert_allclose(both, matrix(first) @ matrix(second), atol=1e-12)


@names
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_pieces_that_bytes_come_in_do_not_matter(name: str, data: st.DataObject) -> None:
    stream = b"".join(make_codec(name).encode(s) for s in data.draw(st.lists(samples, max_size=4)))
    whole, pieces = make_codec(name), make_codec(name)
    expected = whole.feed(stream)
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += pieces.feed(stream[:size])
        stream = stream[size:]
    assert [a.repeats(b) for a, b in zip(expected, found, strict=True)] == [True] * len(expected)
    assert whole.corrupt == pieces.corrupt == 0


@names
@given(sent=st.lists(samples, min_size=3, max_size=3), at=st.integers(0, 10_000), flip=st.data())
@settings(max_examples=60, deadline=None)
def test_a_byte_that_is_wrong_costs_samples_and_makes_none(
    name: str, sent: list[ImuSample], at: int, flip: st.DataObject
) -> None:
    codec = make_codec(name)
    stream = bytearray(b"".join(codec.encode(sample) for sample in sent))
    at %= len(stream)
    stream[at] ^= flip.draw(st.integers(1, 255))
    heard = codec.feed(bytes(stream) + codec.encode(sent[0]) * 10)
    originals = [make_codec(name).feed(codec.encode(sample))[0] for sample in sent]
    assert all(any(sample.repeats(original) for original in originals) for sample in heard)
    assert 11 <= len(heard) <= 13
    assert codec.corrupt >= 1 or len(heard) == 13


@names
@given(noise=st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=60, deadline=None)
def test_noise_raises_nothing_makes_no_sample_and_fills_no_buffer(
    name: str, noise: list[bytes]
) -> None:
    codec = make_codec(name)
    for data in noise:
        assert codec.feed(data) == []
        assert len(codec._buffer) <= 256
    # And what is whole behind it is heard; a false beginning may swallow the first.
    good = ImuSample(acceleration=np.array([0, 0, 9.8]), gyro=np.zeros(3), quaternion=np.eye(4)[0])
    assert len(codec.feed(codec.encode(good) * 10)) >= 5


@names
def test_a_flood_of_beginnings_fills_no_buffer(name: str) -> None:
    codec = make_codec(name)
    for beginning in (b"\x55\x51", b"$VNQMR,", b"\xfa\x01\xff\x7f", b"\x55", b"$", b"\xfa"):
        for _ in range(200):
            assert codec.feed(beginning * 20) == []
            assert len(codec._buffer) <= 256


def test_no_numbers_are_read_and_are_unsound() -> None:
    body = "VNQMR,nan,0,0,1,0,0,0,0,0,-9.8,inf,0,0"
    check = 0
    for letter in body.encode():
        check ^= letter
    _, [sample] = codec_with("vectornav", f"${body}*{check:02X}\r\n".encode())
    assert not sample.sound
    level = ImuSample(acceleration=np.array([0, 0, 9.8]), gyro=np.zeros(3), quaternion=np.eye(4)[0])
    assert level.sound
    for quaternion in ([np.nan, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [np.inf, 0, 0, 0]):
        broken = ImuSample(
            acceleration=level.acceleration, gyro=level.gyro, quaternion=np.array(quaternion)
        )
        assert not broken.sound
    assert not ImuSample(acceleration=np.zeros(3), gyro=np.zeros(3)).sound  # falling, knows no down
    assert not ImuSample(acceleration=level.acceleration, gyro=np.full(3, np.inf)).sound


def test_a_codec_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(SpecError, match=r"imu\.codec is 'xsens'; allowed: witmotion, vectornav"):
        make_codec("xsens")
