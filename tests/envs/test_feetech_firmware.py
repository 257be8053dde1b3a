"""Laws of Feetech firmware, spoken to in packets; the manual's bytes where it gives them."""

from dataclasses import replace

import pytest
from feetech_host import CONFIG, FeetechHost
from hypothesis import given, settings
from hypothesis import strategies as st

from ashore.envs.errors import TwinError
from ashore.envs.twin.devices import make_device
from ashore.envs.twin.feetech.feetech_firmware import FeetechFirmware
from ashore.hardware.wire import feetech
from ashore.hardware.wire.parser import BROADCAST, Frame


@pytest.fixture
def host() -> FeetechHost:
    return FeetechHost()


def test_the_manuals_ping_and_read_are_answered_to_the_byte(host: FeetechHost) -> None:
    assert host.bytes(bytes.fromhex("FFFF010201FB")) == bytes.fromhex("FFFF010200FC")
    host.firmware.servos[0].memory.put("present_position", 0x0518)
    packet = bytes.fromhex("FFFF0104023802BE")
    assert host.bytes(packet) == bytes.fromhex("FFFF0104001805DD")


def test_a_servo_says_what_it_is(host: FeetechHost) -> None:
    (frame,) = host.ask(feetech.identify(2))
    number, firmware = feetech.identity(frame.params)[:2], feetech.identity(frame.params)[2]
    assert (int.from_bytes(number, "little"), firmware) == (777, 3)


def test_a_broadcast_is_silent_except_for_ping(host: FeetechHost) -> None:
    assert [frame.id for frame in host.ask(feetech.ping(BROADCAST))] == [1, 2, 3]
    assert host.ask(feetech.read(BROADCAST, 56, 2)) == []
    assert host.ask(feetech.write(BROADCAST, 41, b"\7")) == []
    assert [host.read("acceleration", servo) for servo in (1, 2, 3)] == [7, 7, 7]


def test_a_joint_read_is_answered_in_the_order_of_the_request(host: FeetechHost) -> None:
    frames = host.ask(feetech.sync_read([3, 1, 9, 2], 5, 1))
    assert [(frame.id, frame.params) for frame in frames] == [(3, b"\3"), (1, b"\1"), (2, b"\2")]


def test_a_gap_may_silence_those_behind_it() -> None:
    host = FeetechHost(replace(CONFIG, gap_silences=True))
    assert [frame.id for frame in host.ask(feetech.sync_read([3, 9, 2], 5, 1))] == [3]


def test_a_joint_write_is_not_answered_and_reaches_each(host: FeetechHost) -> None:
    data = {servo: (2000 + servo).to_bytes(2, "little") for servo in (1, 3)}
    assert host.ask(feetech.sync_write(data, 42)) == []
    assert [host.read("goal_position", servo) for servo in (1, 2, 3)] == [2001, 2048, 2003]


@pytest.mark.parametrize(
    "packet",
    [
        feetech.ping(9),
        feetech.ping(1)[:-1] + b"\0",
        feetech.encode(Frame(id=1, instruction=0x77, params=b"")),
        feetech.encode(Frame(id=1, instruction=2, params=b"\x38")),
        feetech.encode(Frame(id=1, instruction=3, params=b"\x2a")),
        feetech.encode(Frame(id=BROADCAST, instruction=0x83, params=b"\x2a")),
        feetech.read(1, 0, 254),
    ],
)
def test_a_stranger_and_a_packet_without_sense_get_no_answer(
    host: FeetechHost, packet: bytes
) -> None:
    assert host.ask(packet) == []
    assert host.error() == 0


def test_a_read_past_the_registers_is_zeros(host: FeetechHost) -> None:
    (frame,) = host.ask(feetech.read(1, 200, 3))
    assert frame.params == bytes(3)


def test_a_quiet_servo_answers_reads_and_pings_alone(host: FeetechHost) -> None:
    host.write("lock", 0)
    host.ask(feetech.write(1, 8, b"\0"))
    assert host.ask(feetech.write(1, 41, b"\5")) == []
    assert host.read("acceleration") == 5
    assert host.error() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("present_position", 7),
        ("model_number", 7),
        ("hardware_error_status", 7),
        ("torque_enable", 3),
        ("operating_mode", 9),
        ("baud_rate", 8),
        ("id", 254),
        ("max_torque", 1001),
        ("lock", 2),
    ],
)
def test_what_may_not_be_written_is_not_and_no_status_tells(
    host: FeetechHost, name: str, value: int
) -> None:
    before = host.read(name)
    assert host.write(name, value) == 0
    assert host.read(name) == before


def test_a_block_write_takes_what_it_can_of_each_register(host: FeetechHost) -> None:
    # Acceleration 255 is one too many; goal 2100, time 0 and speed 1500 are not.
    host.ask(feetech.write(1, 41, bytes([255, 0x34, 0x08, 0, 0, 0xDC, 0x05])))
    assert host.read("acceleration") == 0
    assert (host.read("goal_position"), host.read("goal_velocity")) == (2100, 1500)


def test_half_a_register_can_be_written(host: FeetechHost) -> None:
    host.ask(feetech.write(1, 42, b"\7"))
    assert host.read("goal_position") == 0x0807


def test_what_is_written_under_lock_holds_until_the_power_goes(host: FeetechHost) -> None:
    assert host.read("lock") == 1
    host.write("min_position_limit", 100)
    host.write("lock", 0)
    host.write("max_position_limit", 4000)
    assert host.read("min_position_limit") == 100
    host.firmware.servos[0].boot()
    assert (host.read("min_position_limit"), host.read("max_position_limit")) == (0, 4000)
    assert host.read("lock") == 1


def test_an_id_holds_at_once_and_its_writing_is_answered_by_the_old_one(
    host: FeetechHost,
) -> None:
    (frame,) = host.ask(feetech.write(1, 5, b"\x09"))
    assert frame.id == 1
    assert [frame.id for frame in host.ask(feetech.ping(BROADCAST))] == [9, 2, 3]


def test_a_rate_holds_at_once_and_others_hear_nothing(host: FeetechHost) -> None:
    host.firmware.line_baud = 1_000_000
    host.write("baud_rate", 1, servo=2)
    assert [frame.id for frame in host.ask(feetech.ping(BROADCAST))] == [1, 3]
    host.firmware.line_baud = 500_000
    assert [frame.id for frame in host.ask(feetech.ping(BROADCAST))] == [2]


def test_a_return_delay_is_in_every_reply(host: FeetechHost) -> None:
    host.write("return_delay_time", 250)
    (reply,) = host.firmware.handle(feetech.ping(1))
    assert reply.after == pytest.approx(500e-6)


def test_two_of_one_id_speak_together() -> None:
    host = FeetechHost(replace(CONFIG, ids=(4, 4, 5)))
    replies = host.firmware.handle(feetech.read(4, 56, 2))
    assert [(reply.sender, reply.together) for reply in replies] == [(4, False), (4, True)]


def test_what_is_registered_waits_for_the_action(host: FeetechHost) -> None:
    for servo in (1, 2):
        host.ask(feetech.reg_write(servo, 42, (1900).to_bytes(2, "little")))
    assert (host.read("goal_position"), host.read("registered_instruction")) == (2048, 1)
    assert host.ask(feetech.action()) == []
    goals = [host.read("goal_position", servo) for servo in (1, 2, 3)]
    assert goals == [1900, 1900, 2048]
    assert host.read("registered_instruction") == 0


def test_a_reboot_takes_it_off_the_line_and_ram_to_its_defaults(host: FeetechHost) -> None:
    host.write("torque_enable", 1)
    host.write("goal_position", 2300)
    host.write("acceleration", 9)
    assert len(host.ask(feetech.reboot(1))) == 1
    assert [frame.id for frame in host.ask(feetech.ping(BROADCAST))] == [2, 3]
    host.run(CONFIG.reboot_seconds + 0.001)
    assert (host.read("torque_enable"), host.read("acceleration")) == (0, 0)
    assert abs(host.read("goal_position") - 2048) < 300


def test_a_factory_reset_keeps_the_id(host: FeetechHost) -> None:
    host.write("lock", 0, servo=3)
    host.write("position_p_gain", 200, servo=3)
    host.ask(feetech.factory_reset(3))
    host.run(1.0)
    assert host.read("position_p_gain", 3) == 32


def test_in_lockstep_a_joint_read_lets_one_period_pass() -> None:
    host = FeetechHost(replace(CONFIG, period=0.02))
    host.ask(feetech.ping(1))
    assert host.firmware.time == 0.0
    host.ask(feetech.sync_read([1, 2, 3], 56, 2))
    assert host.firmware.time == pytest.approx(0.02)


def test_the_high_byte_comes_first_in_an_scs_beside_an_sts() -> None:
    config = replace(CONFIG, ids=(1, 2), model=("scs0009", "sts3215"))
    host = FeetechHost(config)
    (small,) = host.ask(feetech.read(1, 56, 2))
    (large,) = host.ask(feetech.read(2, 56, 2))
    assert (small.params, large.params) == (b"\x02\x00", b"\x00\x08")
    host.ask(feetech.write(1, 42, b"\x02\x58"))
    assert host.read("goal_position", 1) == 600


def test_a_model_of_another_protocol_and_an_unknown_rate_are_refused() -> None:
    plant = FeetechHost().plant
    with pytest.raises(TwinError, match=r"servo 2 is a XL330-M288, which speaks dynamixel2"):
        FeetechFirmware(plant, replace(CONFIG, model=("sts3215", "xl330", "sts3215")))
    with pytest.raises(TwinError, match="no STS3215 speaks at 3000000 baud"):
        FeetechFirmware(plant, replace(CONFIG, baud=3_000_000))
    with pytest.raises(TwinError, match="give one id a joint"):
        make_device("feetech", plant, replace(CONFIG, ids=(1, 2)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(0, 255), st.binary(max_size=12))
def test_no_bytes_break_it(noise: list[bytes], instruction: int, params: bytes) -> None:
    host = FeetechHost()
    for data in noise:
        host.firmware.handle(data)
    host.firmware.hush()
    for target in (1, BROADCAST):
        host.ask(feetech.encode(Frame(id=target, instruction=instruction, params=params)))
    host.run(0.01)
    host.firmware.handle(b"")
