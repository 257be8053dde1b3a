"""Laws of the serial robot: what it refuses, that it never jerks, that it always lets go."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from bench import COUNT, PERIOD, SPEC, TWO_ARMS, Bench, with_joint

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import BusError, ContractError, PortError, PortLost
from ashore.hardware.reading import Command
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport

Benches = Callable[..., Bench]
TABLE = ControlTable.load("xl330")


def test_opening_a_robot_moves_nothing_and_brings_no_torque(bench: Bench) -> None:
    before = bench.plant.simulation.position.copy()
    robot = bench.open()
    reading = robot.read()
    assert reading.fresh.all()
    assert not reading.torque_enabled.any()
    assert bench.memory.get("torque_enable") == 0
    assert bench.plant.simulation.position == pytest.approx(before, abs=1e-9)
    robot.close()


@pytest.mark.parametrize("hidden", ["none", "1", "2", "3"])
@pytest.mark.parametrize("forgotten", [0, 4095, 2048 + 20000])
def test_enabling_never_jerks(benches: Benches, hidden: str, forgotten: int) -> None:
    bench = benches(hidden=hidden)
    robot = bench.open()
    robot.lines[0].put("goal_position", forgotten)
    before = robot.read().position
    robot.enable()
    for _ in range(10):
        reading = robot.read()
        assert reading.torque_enabled.all()
        assert np.abs(reading.position - before) < 2.0 * COUNT
    robot.close()


def test_what_another_program_left_in_the_servo_does_not_stay(bench: Bench) -> None:
    robot = bench.open()
    left = {"position_i_gain": 50, "profile_velocity": 3, "goal_pwm": 100, "bus_watchdog": 7}
    for name, value in left.items():
        robot.lines[0].put(name, value)
    robot.enable()
    kept = {name: bench.memory.get(name) for name in left}
    # The watchdog of 0.2 s is 10 counts of 20 ms.
    expected = {"position_i_gain": 0, "profile_velocity": 0, "goal_pwm": 885, "bus_watchdog": 10}
    assert kept == expected
    assert bench.memory.get("position_p_gain") == SPEC.joints[0].p_gain
    robot.close()


def test_a_servo_that_was_told_to_be_quiet_is_heard_again(bench: Bench) -> None:
    bench.memory.put("status_return_level", 1)
    robot = bench.open(latency=0.3)
    robot.enable()
    assert robot.read().torque_enabled.all()
    robot.close()


@pytest.mark.slow
def test_a_missing_servo_is_named_with_those_that_answer(benches: Benches) -> None:
    bench = benches(ids=(7,))
    with pytest.raises(BusError, match=r"no servo 1 \(shoulder\) on /dev/.* answered: 7; check"):
        bench.open(latency=0.2)
    assert bench.memory.get("torque_enable") == 0


def test_another_model_is_refused(bench: Bench) -> None:
    bench.memory.put("model_number", 1060)
    with pytest.raises(BusError, match=r"shoulder.* is model number 1060; the spec says XL330"):
        bench.open()


def test_firmware_without_a_fast_sync_read_is_read_by_plain_ones(benches: Benches) -> None:
    robot = benches(version=45).open()
    robot.enable()
    assert robot.read().fresh.all()
    robot.close()


def test_firmware_without_a_watchdog_gets_no_torque(benches: Benches) -> None:
    bench = benches(version=37)
    robot = bench.open()
    with pytest.raises(BusError, match=r"has firmware 37; 38 or newer has the watchdog"):
        robot.enable()
    assert bench.memory.get("torque_enable") == 0
    robot.close()


def test_nobody_on_the_line_is_a_sentence() -> None:
    with pytest.raises(PortError, match="cannot open /dev/absent"):
        SerialRobot.open(SPEC, "/dev/absent", None)


def test_settings_that_torque_locks_are_refused(bench: Bench) -> None:
    bench.memory.put("torque_enable", 1)
    with pytest.raises(BusError, match="torque on and its return_delay_time, operating_mode must"):
        bench.open()
    assert bench.memory.get("operating_mode") == 3


def test_a_robot_left_under_torque_is_taken_over_without_letting_go(bench: Bench) -> None:
    first = bench.open()
    first.enable()
    first.close()
    bench.twin.firmware.servos[0].trip()
    second = bench.open()
    assert bench.memory.get("torque_enable") == 1
    before = second.read().position
    second.enable()
    after = second.read()
    assert after.torque_enabled.all()
    assert np.abs(after.position - before) < 2.0 * COUNT
    second.close()


@pytest.mark.parametrize(
    ("name", "field"), [("homing_offset", "zero_offset"), ("drive_mode", "sign")]
)
def test_a_servo_that_turns_angles_itself_is_refused(bench: Bench, name: str, field: str) -> None:
    bench.memory.put(name, 5)
    with pytest.raises(BusError, match=rf"has {name} 5; only 0 is possible.* joint's {field}"):
        bench.open()


def test_a_joint_outside_its_limits_is_not_enabled(bench: Bench) -> None:
    bench.place(4.3)
    robot = bench.open()
    with pytest.raises(BusError, match=r"shoulder is at 4\.[23].* outside its limits of -4.2 to"):
        robot.enable()
    assert bench.memory.get("torque_enable") == 0
    robot.close()


def test_a_faulty_servo_is_not_enabled_and_its_fault_is_named(bench: Bench) -> None:
    robot = bench.open()
    bench.twin.firmware.servos[0].fail(0)
    with pytest.raises(BusError, match=r"shoulder.* reports input voltage out of limits; find"):
        robot.enable()
    assert bench.memory.get("torque_enable") == 0
    robot.close()


def test_if_one_joint_cannot_be_enabled_none_is(bench: Bench) -> None:
    robot = bench.open()

    def refuse(_: float) -> None:
        raise BusError("no watchdog")

    robot.lines[0].arm_watchdog = refuse
    with pytest.raises(BusError, match="no watchdog"):
        robot.enable()
    assert bench.memory.get("torque_enable") == 0
    robot.close()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("zero", [0.0, 0.7, -1.3])
def test_what_is_written_is_where_the_joint_goes(benches: Benches, sign: int, zero: float) -> None:
    # Gravity bends a servo that has no integral gain, so this one lifts next to nothing.
    bench = benches(spec=with_joint(sign=sign, zero_offset=zero, p_gain=3000))
    bench.plant.simulation.set("mass", np.array(0.05), np.array([0]))
    bench.plant.simulation.settle(np.array([0]))
    robot = bench.open()
    assert robot.read().position == pytest.approx(0.0, abs=COUNT)
    robot.enable()
    sent = robot.write(Command(position=np.array([0.5])))
    assert sent.position == pytest.approx(0.5, abs=COUNT)
    # Told again what was really sent, it sends the same.
    assert robot.write(sent).position == sent.position
    for _ in range(60):
        reading = robot.read()
    assert reading.position == pytest.approx(0.5, abs=0.02)
    assert bench.plant.simulation.position[0] == pytest.approx(0.5, abs=0.02)
    encoder = (bench.memory.get("present_position") - 2048) * COUNT
    assert encoder == pytest.approx(sign * 0.5 + zero, abs=0.02)
    robot.close()


def test_signs_turn_every_signed_signal(benches: Benches) -> None:
    seen = []
    for sign in (1, -1):
        bench = benches(spec=with_joint(sign=sign, zero_offset=0.4))
        robot = bench.open()
        robot.enable()
        robot.write(Command(position=np.array([1.0])))
        for _ in range(3):
            reading = robot.read()
        seen.append(reading)
        robot.close()
    one, other = seen
    for name in ("position", "velocity", "current", "duty"):
        value = getattr(one, name)
        assert value > 0.05
        assert getattr(other, name) == pytest.approx(value, rel=0.02)


def test_each_joint_is_moved_by_its_own_servo(benches: Benches) -> None:
    # Ids against the order of the joints, and one servo mounted the other way round.
    left = replace(SPEC.joints[0], name="left", id=9, p_gain=2000)
    right = replace(left, name="right", id=4, sign=-1, zero_offset=0.3)
    bench = benches(spec=replace(SPEC, model=TWO_ARMS, joints=(left, right)), hidden="1")
    robot = bench.open()
    before = robot.read().position
    robot.enable()
    for _ in range(5):
        assert np.abs(robot.read().position - before).max() < 2.0 * COUNT
    robot.write(Command(position=np.array([0.5, -0.2])))
    for _ in range(60):
        reading = robot.read()
    assert reading.position == pytest.approx([0.5, -0.2], abs=0.05)
    encoders = [servo.memory.get("present_position") - 2048 for servo in bench.twin.firmware.servos]
    assert np.array(encoders) * COUNT == pytest.approx([0.5, 0.2 + 0.3], abs=0.05)
    assert robot.disable() == []
    assert not robot.read().torque_enabled.any()
    robot.close()


def test_a_turn_that_the_servo_forgot_is_found_again(benches: Benches) -> None:
    # Encoder at 0.6 + 3.0 rad, which a booting servo counts as 3.6 - 2 pi.
    bench = benches(spec=with_joint(zero_offset=3.0, lower=-1.0, upper=1.5, default=0.6))
    robot = bench.open()
    assert bench.memory.get("present_position") < 2048
    # Limp, it falls a little from 0.6 rad.
    assert robot.read().position == pytest.approx(0.6, abs=0.1)
    robot.enable()
    robot.write(Command(position=np.array([0.6])))
    for _ in range(20):
        reading = robot.read()
    assert -0.2 < reading.position < 0.6
    robot.close()


def test_nothing_outside_the_limits_reaches_the_wire(bench: Bench) -> None:
    robot = bench.open()
    sent = robot.write(Command(position=np.array([100.0])))
    joint = SPEC.joints[0]
    assert sent.position == pytest.approx(joint.upper + joint.rest_margin, abs=COUNT)
    for bad in ([np.nan], [0.0, 0.0]):
        with pytest.raises(ContractError, match="finite angles are possible"):
            robot.write(Command(position=np.array(bad)))
    robot.close()


def test_letting_go_twice_or_without_a_port_is_harmless(bench: Bench) -> None:
    robot = bench.open()
    robot.enable()
    assert robot.disable() == []
    assert bench.memory.get("torque_enable") == 0
    assert robot.disable() == []
    bench.unplug()
    (complaint,) = robot.disable()
    assert "torque may still be on" in complaint
    with pytest.raises(PortLost):
        robot.read()
    robot.close()
    robot.close()


def test_a_log_that_fails_does_not_keep_torque_on(bench: Bench) -> None:
    robot = bench.open()
    robot.enable()

    def fail(_: str, __: bytes) -> None:
        raise ValueError("the log is closed")

    robot.bus.transport.tap = fail
    assert "the log is closed" in robot.disable()[0]
    robot.bus.transport.tap = None
    assert not robot.read().torque_enabled.any()
    robot.close()


def test_a_servo_whose_replies_are_lost_still_lets_go(bench: Bench) -> None:
    robot = bench.open(latency=0.1)
    robot.enable()
    read = robot.bus.transport.read
    robot.bus.transport.read = lambda _, __: b""
    assert "its answer was missing" in robot.disable()[0]
    robot.bus.transport.read = read
    assert bench.memory.get("torque_enable") == 0
    robot.close()


def test_in_lockstep_a_run_is_the_same_to_the_byte(benches: Benches) -> None:
    def drive() -> list[bytes]:
        seen: list[bytes] = []
        bench = benches(hidden="3")
        robot = bench.open(tap=lambda way, data: seen.append(data) if way == "rx" else None)
        robot.enable()
        for tick in range(40):
            bench.clock.sleep_until(tick * PERIOD)
            robot.write(Command(position=np.array([0.5 * np.sin(tick / 5)])))
            seen.append(repr(robot.read()).encode())
        robot.close()
        return [b"".join(seen)]

    assert drive() == drive()


HOST = """
import sys
from ashore.hardware.run.clock import SystemClock
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec
robot = SerialRobot.open(RobotSpec.load("servo"), sys.argv[1], SystemClock(), latency=1.0)
robot.enable()
sys.stdout.write("enabled\\n")
sys.stdout.flush()
while True:
    robot.read()
"""


@pytest.mark.slow
def test_the_servo_of_a_host_that_was_killed_stops_by_itself() -> None:
    with TwinProcess(TwinOptions(clock="real")) as twin:
        host = subprocess.Popen([sys.executable, "-c", HOST, twin.port], stdout=subprocess.PIPE)
        assert host.stdout.readline() == b"enabled\n"
        host.kill()
        host.wait()
        host.stdout.close()
        bus = Bus(SerialTransport(twin.port), BusConfig(latency=1.0))
        watchdog = TABLE["bus_watchdog"]
        for _ in range(100):
            # Asking feeds it, so it is left alone for longer than its patience of 0.2 s.
            time.sleep(0.3)
            value = watchdog.decode(bus.read(1, watchdog).data)
            if value == -1:
                break
        assert value == -1
        assert not bus.write(1, TABLE["goal_position"], 2048).ok
        bus.close()
