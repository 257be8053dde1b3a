"""Laws of the servo firmware, spoken to in packets; the manual's bytes where it gives them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pendulum_plant import PendulumPlant

from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.reply import joined
from ashore.envs.twin.servos.firmware import Firmware
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.frame import Frame, Parser

TABLE = ControlTable.load("xl330")
CONFIG = FirmwareConfig(ids=(1, 2, 3))
DATA_RANGE, DATA_LENGTH, DATA_LIMIT, ACCESS = 4, 5, 6, 7


class Host:
    """Asks a firmware in packets and reads its replies."""

    def __init__(self, config: FirmwareConfig = CONFIG, **plant: float) -> None:
        self.plant = PendulumPlant(len(config.ids), **plant)
        self.firmware = Firmware(self.plant, config)

    def ask(self, packet: bytes) -> list[Frame]:
        return Parser().feed(self.bytes(packet))

    def bytes(self, packet: bytes) -> bytes:
        return joined(self.firmware.handle(packet))

    def write(self, name: str, value: int, servo: int = 1) -> int:
        register = TABLE[name]
        data = value.to_bytes(register.size, "little", signed=value < 0)
        (frame,) = self.ask(dynamixel.write(servo, register.address, data))
        return frame.error

    def read(self, name: str, servo: int = 1) -> int:
        register = TABLE[name]
        (frame,) = self.ask(dynamixel.read(servo, register.address, register.size))
        assert frame.error & 0x7F == 0
        return register.decode(frame.params)

    def run(self, seconds: float, keep_talking: bool = True) -> None:
        end = self.firmware.time + seconds
        while keep_talking and self.firmware.time + 0.01 < end:
            self.firmware.advance(self.firmware.time + 0.01)
            self.ask(dynamixel.ping(1))
        self.firmware.advance(end)


@pytest.fixture
def host() -> Host:
    return Host()


def test_ping_answers_with_model_and_firmware_as_in_the_manual() -> None:
    host = Host(replace(CONFIG, ids=(1,)))
    host.firmware.servos[0].memory.put("model_number", 1030)
    host.firmware.servos[0].memory.put("firmware_version", 38)
    reply = host.bytes(bytes.fromhex("FFFFFD00010300 01194E".replace(" ", "")))
    assert reply == bytes.fromhex("FFFFFD000107005500060426655D")


def test_the_manuals_read_and_write_are_answered_to_the_byte(host: Host) -> None:
    assert host.bytes(bytes.fromhex("FFFFFD0001090003740000020000CA89")) == bytes.fromhex(
        "FFFFFD000104005500A10C"
    )
    host.firmware.servos[0].memory.put("present_position", 166)
    assert host.bytes(bytes.fromhex("FFFFFD000107000284000400 1D15")) == bytes.fromhex(
        "FFFFFD000108005500A60000008CC0"
    )
    assert host.read("goal_position") == 512


def test_a_broadcast_is_silent_except_for_ping(host: Host) -> None:
    everyone = dynamixel.BROADCAST
    assert [frame.id for frame in host.ask(dynamixel.ping(everyone))] == [1, 2, 3]
    assert host.ask(dynamixel.read(everyone, 132, 4)) == []
    assert host.ask(dynamixel.write(everyone, 65, b"\1")) == []
    assert host.read("led", 3) == 1


def test_a_stranger_and_a_damaged_packet_get_no_answer(host: Host) -> None:
    assert host.ask(dynamixel.ping(9)) == []
    assert host.ask(dynamixel.ping(1)[:-1] + b"\0") == []


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("present_position", 0, ACCESS),
        ("model_number", 0, ACCESS),
        ("torque_enable", 2, DATA_RANGE),
        ("position_p_gain", 16384, DATA_RANGE),
        ("operating_mode", 2, DATA_RANGE),
        ("goal_position", 4096, DATA_LIMIT),
        ("goal_position", -1, DATA_LIMIT),
        ("goal_current", 1751, DATA_LIMIT),
        ("goal_pwm", -886, DATA_LIMIT),
    ],
)
def test_a_write_that_cannot_be_is_refused_and_changes_nothing(
    host: Host, name: str, value: int, error: int
) -> None:
    before = host.read(name)
    assert host.write(name, value) == error
    assert host.read(name) == before


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (dynamixel.write(1, 116, b"\0\0"), DATA_LENGTH),
        (dynamixel.write(1, 118, b"\0\0"), DATA_LENGTH),
        (dynamixel.write(1, 116, b""), DATA_LENGTH),
        (dynamixel.write(1, 66, b"\0"), ACCESS),
        (dynamixel.write(1, 4000, b"\0"), ACCESS),
        (dynamixel.read(1, 66, 1), ACCESS),
        (dynamixel.read(1, 226, 3), ACCESS),
        (dynamixel.encode(Frame(id=1, instruction=0x77, params=b"")), 2),
        (dynamixel.encode(Frame(id=1, instruction=2, params=b"\x84")), DATA_LENGTH),
        (dynamixel.action(1), 1),
    ],
)
def test_a_malformed_instruction_has_its_error_number(
    host: Host, packet: bytes, error: int
) -> None:
    assert [frame.error for frame in host.ask(packet)] == [error]


def test_a_block_write_is_whole_or_not_at_all(host: Host) -> None:
    # Velocity limit at 104..107 fits, acceleration at 108..111 does not.
    data = (100).to_bytes(4, "little") + (40_000).to_bytes(4, "little")
    (frame,) = host.ask(dynamixel.write(1, 104, data))
    assert frame.error == DATA_RANGE
    assert host.read("goal_velocity") == 445


def test_torque_locks_the_eeprom_and_only_the_eeprom(host: Host) -> None:
    assert host.write("torque_enable", 1) == 0
    assert host.write("max_position_limit", 3000) == ACCESS
    assert host.write("led", 1) == 0
    assert host.write("torque_enable", 0) == 0
    assert host.write("max_position_limit", 3000) == 0


@pytest.mark.parametrize(("level", "replies"), [(0, (1, 0, 0)), (1, (1, 1, 0)), (2, (1, 1, 1))])
def test_the_status_return_level_withholds_replies(
    host: Host, level: int, replies: tuple[int, int, int]
) -> None:
    host.ask(dynamixel.write(1, 68, bytes([level])))
    packets = (dynamixel.ping(1), dynamixel.read(1, 132, 4), dynamixel.write(1, 65, b"\1"))
    assert tuple(len(host.ask(packet)) for packet in packets) == replies


def test_a_registered_write_waits_for_its_action(host: Host) -> None:
    assert host.ask(dynamixel.reg_write(1, 116, b"\0\x04\0\0"))[0].error == 0
    assert (host.read("goal_position"), host.read("registered_instruction")) == (2048, 1)
    assert host.ask(dynamixel.action()) == []
    assert (host.read("goal_position"), host.read("registered_instruction")) == (1024, 0)
    assert host.ask(dynamixel.reg_write(1, 116, b"\0\x10\0\0"))[0].error == DATA_LIMIT


def test_a_reboot_keeps_the_eeprom_and_forgets_the_ram(host: Host) -> None:
    host.write("temperature_limit", 60)
    host.write("torque_enable", 1)
    host.write("position_p_gain", 900)
    assert host.ask(dynamixel.reboot(1))[0].error == 0
    host.run(0.31)
    assert host.read("temperature_limit") == 60
    assert (host.read("torque_enable"), host.read("position_p_gain")) == (0, 400)


@pytest.mark.parametrize(("keep", "id_", "baud"), [(0xFF, 1, 1), (1, 2, 1), (2, 2, 3)])
def test_a_factory_reset_keeps_what_it_was_told_to(keep: int, id_: int, baud: int) -> None:
    host = Host(replace(CONFIG, ids=(2,)))
    host.write("baud_rate", 3, 2)
    host.write("temperature_limit", 60, 2)
    (frame,) = host.ask(dynamixel.factory_reset(2, keep))
    assert (frame.id, frame.error) == (2, 0)
    assert host.read("temperature_limit", id_) == 70
    assert host.read("baud_rate", id_) == baud


def test_a_factory_reset_of_everything_is_ignored_when_broadcast(host: Host) -> None:
    host.write("temperature_limit", 60)
    host.ask(dynamixel.factory_reset(dynamixel.BROADCAST, 0xFF))
    assert host.read("temperature_limit") == 60


def test_a_new_id_is_answered_to_at_once(host: Host) -> None:
    assert host.write("id", 42) == 0
    assert host.ask(dynamixel.ping(1)) == []
    assert host.ask(dynamixel.ping(42))[0].id == 42


def test_changing_the_mode_resets_gains_and_goals(host: Host) -> None:
    host.write("position_p_gain", 900)
    host.write("goal_current", 100)
    assert host.write("operating_mode", 5) == 0
    assert (host.read("position_p_gain"), host.read("goal_current")) == (400, 1750)


def test_sync_read_answers_in_the_order_asked(host: Host) -> None:
    frames = host.ask(dynamixel.sync_read([3, 9, 1], 7, 1))
    assert [(frame.id, frame.params) for frame in frames] == [(3, b"\3"), (1, b"\1")]
    host = Host(replace(CONFIG, gap_silences=True))
    assert [f.id for f in host.ask(dynamixel.sync_read([3, 9, 1], 7, 1))] == [3]


def test_fast_sync_read_is_one_unstuffed_packet_cut_at_a_missing_servo(host: Host) -> None:
    for servo in (1, 2, 3):
        host.firmware.servos[servo - 1].memory.put("present_position", -131073)  # FF FF FD FF
    raw = host.bytes(dynamixel.fast_sync_read([1, 2, 3], 132, 4))
    assert len(raw) == dynamixel.fast_sync_length(3, 4)
    blocks = dynamixel.fast_sync_blocks(raw, [1, 2, 3], 4)
    assert {block.data for block in blocks.values() if block} == {b"\xff\xff\xfd\xff"}
    raw = host.bytes(dynamixel.fast_sync_read([1, 9, 3], 132, 4))
    assert set(dynamixel.fast_sync_blocks(raw, [1, 9, 3], 4)) == {1}
    assert host.bytes(dynamixel.fast_sync_read([9, 1], 132, 4)) == b""


def test_old_firmware_knows_neither_fast_sync_read_nor_the_watchdog() -> None:
    host = Host(replace(CONFIG, version=37))
    assert host.ask(dynamixel.fast_sync_read([1, 2], 132, 4)) == []
    assert host.write("bus_watchdog", 5) == ACCESS


def test_bulk_reads_and_writes_reach_each_servo_at_its_own_address(host: Host) -> None:
    host.ask(dynamixel.bulk_write({1: (65, b"\1"), 3: (116, b"\0\4\0\0")}))
    frames = host.ask(dynamixel.bulk_read({3: (116, 4), 1: (65, 1)}))
    assert [(f.id, f.params) for f in frames] == [(3, b"\0\4\0\0"), (1, b"\1")]


def test_sync_write_sets_each_servo(host: Host) -> None:
    goals = {1: b"\0\4\0\0", 3: b"\1\4\0\0"}
    assert host.ask(dynamixel.sync_write(goals, 116)) == []
    assert [host.read("goal_position", servo) for servo in (1, 2, 3)] == [1024, 2048, 1025]


def test_an_indirect_block_gathers_scattered_registers(host: Host) -> None:
    targets = [70, *range(132, 136), 146, 65]
    for slot, target in enumerate(targets, 1):
        assert host.write(f"indirect_address_{slot}", target) == 0
    (frame,) = host.ask(dynamixel.read(1, 208, 7))
    assert frame.params == b"\0" + (2048).to_bytes(4, "little") + bytes([25, 0])
    assert host.ask(dynamixel.write(1, 214, b"\1"))[0].error == 0
    assert host.read("led") == 1
    assert host.ask(dynamixel.write(1, 209, b"\0\0\0\0"))[0].error == ACCESS


def test_the_goal_is_reached_only_with_torque(host: Host) -> None:
    host.write("goal_position", 2300)
    host.run(0.5)
    assert host.read("present_position") == 2048
    host.write("torque_enable", 1)
    host.run(1.0)
    # Gravity at 22 degrees against a P gain leaves a small error.
    assert host.read("present_position") == pytest.approx(2300, abs=20)
    assert host.read("present_position", 2) == 2048


def test_present_registers_are_the_sensors_in_counts() -> None:
    host = Host(replace(CONFIG, ids=(1,)), position=math.pi / 2)
    host.firmware.advance(0.001)
    # One step of 1 ms: -0.05 / 0.0025 * 0.001 = -0.02 rad/s, 0.83 counts of 0.229 rpm.
    assert host.read("present_velocity") == -1
    assert host.read("present_position") == 2048 + 1024
    assert (host.read("present_input_voltage"), host.read("present_temperature")) == (50, 25)
    host.firmware.advance(33.0)
    assert host.read("realtime_tick") == 33_000 - 32_768


def test_the_homing_offset_moves_the_frame_and_is_ignored_past_a_quarter_turn(host: Host) -> None:
    host.write("homing_offset", 100)
    host.run(0.01)
    assert host.read("present_position") == 2148
    host.write("goal_position", 2148)
    host.write("torque_enable", 1)
    host.run(0.2)
    assert host.read("present_position") == 2148
    host.write("torque_enable", 0)
    host.write("homing_offset", 1025)
    host.run(0.01)
    assert host.read("present_position") == 2048


def test_clear_forgets_whole_turns_without_moving() -> None:
    host = Host(position=0.0)
    host.write("operating_mode", 4)
    host.plant.position[:] = 2 * math.tau
    host.run(0.01)
    assert host.read("present_position") == 2048 + 2 * 4096
    host.write("goal_position", 2048 + 2 * 4096)
    host.write("torque_enable", 1)
    assert host.ask(dynamixel.clear(1))[0].error == 0
    host.run(0.1)
    assert (host.read("present_position"), host.read("goal_position")) == (2048, 2048)
    assert host.plant.position[0] == pytest.approx(2 * math.tau)


def test_clear_fails_while_moving() -> None:
    host = Host(position=2.0)
    host.run(0.1)
    assert host.read("moving") == 1
    assert host.ask(dynamixel.clear(1))[0].error == 1


def arm(host: Host) -> None:
    host.write("torque_enable", 1)
    host.write("bus_watchdog", 5)  # 100 ms


def test_the_watchdog_stops_a_servo_when_the_line_is_silent(host: Host) -> None:
    arm(host)
    host.write("goal_position", 3000)
    host.write("profile_velocity", 30)
    host.run(0.05)
    host.run(0.11, keep_talking=False)
    stopped = host.read("present_position")
    assert 2048 < host.read("goal_position") < 3000
    assert (host.read("bus_watchdog"), host.read("profile_velocity")) == (-1, 0)
    for goal in ("goal_position", "goal_current", "goal_pwm", "goal_velocity"):
        assert host.write(goal, 10) == DATA_RANGE
    assert host.write("bus_watchdog", 5) == DATA_RANGE
    assert host.write("bus_watchdog", 0) == 0
    assert host.write("goal_position", stopped) == 0


def test_the_watchdog_is_fed_by_any_instruction(host: Host) -> None:
    arm(host)
    host.run(1.0)
    assert host.read("bus_watchdog") == 5


def test_the_watchdog_sleeps_while_torque_is_off(host: Host) -> None:
    host.write("bus_watchdog", 5)
    host.run(1.0, keep_talking=False)
    assert host.read("bus_watchdog") == 5


def test_overheating_takes_torque_until_a_reboot(host: Host) -> None:
    host.write("torque_enable", 1)
    host.plant.temperature = 71.0
    host.run(0.01)
    (frame,) = host.ask(dynamixel.read(1, 132, 4))
    assert (frame.error, len(frame.params)) == (0x80, 4)
    assert host.read("hardware_error_status") == 1 << 2
    host.plant.temperature = 25.0
    host.run(0.1)
    assert host.write("torque_enable", 1) == 0x80
    assert (host.read("torque_enable"), host.read("hardware_error_status")) == (0, 4)
    host.ask(dynamixel.reboot(1))
    host.run(0.31)
    assert host.write("torque_enable", 1) == 0
    assert host.read("torque_enable") == 1


@pytest.mark.parametrize("supply", [3.4, 7.5])
def test_a_voltage_out_of_limits_is_a_hardware_error(supply: float) -> None:
    host = Host(supply=supply)
    host.run(0.01)
    assert host.read("hardware_error_status") == 1


def test_a_fault_outside_the_shutdown_mask_alerts_but_keeps_torque(host: Host) -> None:
    host.write("shutdown", 0)
    host.write("torque_enable", 1)
    host.plant.temperature = 71.0
    host.run(0.01)
    assert (host.read("hardware_error_status"), host.read("torque_enable")) == (4, 1)


def test_a_blocked_motor_overloads_after_seconds_and_not_before(host: Host) -> None:
    host.plant.blocked = True
    host.write("goal_position", 4000)
    host.write("torque_enable", 1)
    host.run(2.9)
    assert host.read("hardware_error_status") == 0
    host.run(0.2)
    assert (host.read("hardware_error_status"), host.read("torque_enable")) == (32, 0)


def test_a_motor_that_turns_freely_is_not_overloaded(host: Host) -> None:
    host.write("operating_mode", 4)
    host.write("goal_position", 100_000)
    host.write("torque_enable", 1)
    host.run(3.0)
    assert host.read("hardware_error_status") == 0


def test_the_current_goal_of_mode_five_limits_the_current(host: Host) -> None:
    host.write("operating_mode", 5)
    host.write("goal_current", 50)
    host.plant.blocked = True
    host.write("goal_position", 4000)
    host.write("torque_enable", 1)
    host.run(0.1)
    assert host.read("present_current") == 50


def test_the_pwm_goal_limits_the_duty_and_none_is_no_overload(host: Host) -> None:
    host.plant.blocked = True
    host.write("goal_pwm", 100)
    host.write("goal_position", 4000)
    host.write("torque_enable", 1)
    host.run(0.1)
    assert host.read("present_pwm") == 100
    host.write("goal_pwm", 0)
    host.run(2.5)
    assert (host.read("present_pwm"), host.read("hardware_error_status")) == (0, 0)


def test_in_lockstep_only_joint_reads_move_time() -> None:
    host = Host(replace(CONFIG, period=0.02))
    host.read("present_position")
    host.ask(dynamixel.bulk_read({1: (132, 4)}))
    host.ask(dynamixel.sync_write({1: b"\0\4\0\0"}, 116))
    assert host.firmware.time == 0.0
    host.ask(dynamixel.sync_read([1, 2, 3], 132, 4))
    assert host.firmware.time == pytest.approx(0.02)
    host.ask(dynamixel.fast_sync_read([1, 2, 3], 132, 4))
    assert host.firmware.time == pytest.approx(0.04)


def test_periods_that_are_no_whole_steps_do_not_drift() -> None:
    host = Host(replace(CONFIG, period=1 / 300))
    for _ in range(300):
        host.ask(dynamixel.sync_read([1], 132, 4))
    assert host.firmware.time == pytest.approx(1.0)


def test_the_same_packets_give_the_same_replies() -> None:
    def replies() -> bytes:
        host = Host(replace(CONFIG, period=0.02), position=1.0)
        host.write("torque_enable", 1)
        packet = dynamixel.fast_sync_read([1, 2, 3], 126, 10)
        return b"".join(host.bytes(packet) for _ in range(20))

    assert replies() == replies()


instructions = st.builds(
    Frame,
    id=st.sampled_from([1, 2, 9, dynamixel.BROADCAST]),
    instruction=st.sampled_from([*dynamixel.Instruction, 0x20, 0x9A, 0]),
    params=st.binary(max_size=40) | st.just(b"\x74\x00\x04\x00\x01\x02\x03\x04\x05"),
).map(dynamixel.encode)


@settings(max_examples=200, deadline=None)
@given(st.lists(instructions | st.binary(max_size=20), max_size=8))
def test_no_packet_brings_the_firmware_down(packets: list[bytes]) -> None:
    host = Host(replace(CONFIG, period=0.002))
    for packet in packets:
        host.firmware.handle(packet)
    host.firmware.advance(host.firmware.time + 0.01)
