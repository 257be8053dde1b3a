"""Bad input to what drives a robot: a sentence that names it, an exit code, and no torque."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import COUNT, PERIOD, SHIPPED, SPEC, Bench, Script, small_bundle, with_joint
from refusal import refused
from still_chain import Chain, chain

from ashore.envs.twin.faults.faults import Faults
from ashore.hardware.doctor.doctor import Doctor
from ashore.hardware.errors import BusError
from ashore.hardware.logs import log_header
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.state import Exit
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig, Status
from ashore.hardware.wire.transport import SerialTransport
from ashore.launch.cli import run
from ashore.launch.session import Session, conclude
from ashore.policies.bundle import Bundle

pytestmark = pytest.mark.slow

ROBOT = Path(__file__).parents[2] / "hardware" / "robots" / "servo"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A bundle of random weights for the shipped robot."""
    return replace(small_bundle(), robot=SHIPPED).save(tmp_path / "policy")


def robot_folder(folder: Path, old: str, new: str) -> Path:
    """The shipped robot with something else in its spec."""
    folder.mkdir()
    (folder / "servo.xml").write_text((ROBOT / "servo.xml").read_text())
    text = (ROBOT / "spec.toml").read_text()
    assert old in text
    (folder / "spec.toml").write_text(text.replace(old, new))
    return folder


def recording(capsys, policy: Path, port: object, *more: object) -> str:
    out = policy.parent / "a.mcap"
    said = refused(capsys, "record", "--policy", policy, "--port", port, "--out", out, *more)
    assert not out.exists()
    return said


def torques(line: Chain) -> list[int]:
    return [servo.memory.get("torque_enable") for servo in line.twin.firmware.servos]


@pytest.mark.parametrize("command", ["record", "doctor", "read", "write", "reboot", "scan"])
def test_an_absent_port_is_one_sentence_with_code_2_whatever_is_asked(capsys, policy, command):
    port = "/dev/ttyNONE"
    model = ("--model", "xl330")
    asked = {
        "record": ("record", "--policy", policy, "--port", port),
        "read": ("servo", "read", port, "1", *model),
        "write": ("servo", "write", port, "1", "led", 1, *model),
        "reboot": ("servo", "reboot", port, "1", *model),
        "scan": ("bus", "scan", port),
    }
    if command == "doctor":
        assert run(["doctor", port]) == 1
        said = capsys.readouterr().out
    else:
        said = refused(capsys, *asked[command], code=2)
    assert port in said
    assert "No such file" in said
    assert "plugged in here" in said or "ports here" in said


def test_a_busy_port_names_who_holds_it(capsys, policy, bench: Bench):
    holder = bench.open()
    try:
        said = recording(capsys, policy, bench.port)
    finally:
        holder.close()
    assert "busy" in said
    assert "held by process" in said


def test_a_process_that_drives_a_robot_prints_no_traceback(policy):
    command = [sys.executable, "-m", "ashore.launch.cli", "record", "--policy", str(policy)]
    done = subprocess.run(
        [*command, "--port", "/dev/ttyNONE"], capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.BAD_INPUT
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_missing_servo_is_named_with_who_answers_and_at_which_rate(capsys, policy):
    with chain(7, 9) as line:
        said = recording(capsys, policy, line.port)
        assert "no servo 1 (shoulder)" in said
        assert "at 1000000 baud" in said
        assert "answered: 7, 9" in said
        assert torques(line) == [0, 0]


@pytest.mark.parametrize(
    ("options", "registers", "words"),
    [
        ({"model": "xm430"}, {}, ("1020", "XL330-M288 (1200)")),
        ({"version": 30}, {}, ("firmware 30", "38 or newer")),
        ({}, {"hardware_error_status": 32}, ("overload", "reboot")),
        ({}, {"homing_offset": 100}, ("homing_offset 100", "only 0 is possible", "zero_offset")),
        ({}, {"drive_mode": 1}, ("drive_mode 1", "only 0 is possible", "sign")),
    ],
)
def test_a_servo_that_is_not_the_specs_is_refused_with_its_joint_and_both_values(
    options, registers, words
):
    with chain(1, **options) as line:
        for name, value in registers.items():
            line.memory().put(name, value)
        with pytest.raises(BusError) as refusal:
            enabled(line)
        assert "servo 1 (shoulder)" in str(refusal.value)
        assert [word for word in words if word not in str(refusal.value)] == []
        assert torques(line) == [0]


def enabled(line: Chain, spec: RobotSpec = SPEC) -> None:
    robot = SerialRobot.open(spec, line.port, LockstepClock(), latency=0.02)
    try:
        robot.enable()
    finally:
        robot.close()


@pytest.mark.slow
def test_two_servos_of_one_id_get_no_torque_and_the_doctor_says_what_they_are():
    with chain(1, 1) as line:
        with pytest.raises(BusError, match=r"servo 1 \(shoulder\)"):
            enabled(line)
        assert torques(line) == [0, 0]
        found = Doctor(bauds=(), protocols=()).examine(line.port, "servo")
        assert "several servos answer to id 1 (shoulder)" in [f.found for f in found]


def faulty(bench: Bench, folder: Path, text: str) -> None:
    """Let things go wrong on a twin from now on."""
    file = folder / "faults.toml"
    file.write_text(f"[[fault]]\n{text}\n")
    bench.twin.faults = Faults.load(file, 0, bench.spec)


class FlippedBit(Faults):
    """One bit of the first servo's data in each joint reply is another."""

    def replies(self, replies, now):
        # FF FF FD 00, id, length (2), instruction, error, id: the data begin at the eleventh byte.
        spoiled = [
            reply.data[:10] + bytes([reply.data[10] ^ 4]) + reply.data[11:] for reply in replies
        ]
        return [replace(reply, data=data) for reply, data in zip(replies, spoiled, strict=True)]


def test_a_corrupt_frame_is_counted_and_its_servo_alone_is_missing_that_time():
    table = ControlTable.load("xl330")
    address, size = table.span(["present_position"])
    with chain(1, 2, 3) as line, SerialTransport(line.port) as port:
        bus = Bus(port, BusConfig(latency=0.02, retries=0))
        before = bus.fast_sync_read([1, 2, 3], address, size)
        line.twin.faults = FlippedBit()
        during = bus.fast_sync_read([1, 2, 3], address, size)
        # Each block of a joint reply has a checksum of everything before it.
        assert during[1].status is Status.CORRUPT
        assert during[1].data == b""
        assert bus.counters.corrupt >= 1
        assert all(during[servo] == before[servo] for servo in (2, 3) if during[servo].ok)
        line.twin.faults = Faults()
        assert bus.fast_sync_read([1, 2, 3], address, size) == before


def test_goals_that_are_no_numbers_or_beyond_limits_are_told_once_and_counted(
    capsys, tmp_path, bench: Bench
):
    def goal(tick: int, _: object) -> float:
        return np.nan if tick % 10 == 3 else 9.0

    result, log = bench.run(tmp_path, Script(goal, duration=1.0))
    # 50 ticks in a second: 5 of them NaN, and 45 goals of 9 rad where 4.2 is the limit.
    assert (result.told["not finite"], result.told["clipped"]) == (5, 45)
    events = [e.text for e in log.events if e.kind == "safety"]
    assert len(events) <= 6
    assert any("shoulder was not a finite number" in text for text in events)
    assert any("shoulder was beyond its limits" in text for text in events)
    assert any("44 more" in text for text in events)
    assert np.isfinite(log.commands.position).all()
    assert np.abs(log.commands.position).max() <= 4.2 + COUNT
    assert conclude(Session(result=result, rewards=(), log=log.path)) == 0
    assert "50 commands" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("zero_offset = 0.0", "zero_offset = 4.0", ("zero_offset", "4.0", "-pi to pi")),
        ('protocol = "dynamixel2"', 'protocol = "dynamixel"', ("bus.protocol", "dynamixel2")),
        ("baud = 1_000_000", "baud = 12", ("bus.baud", "12", "9600 to 4500000")),
        ("watchdog = 0.2", "watchdgo = 0.2", ("bus.watchdgo", "did you mean watchdog?")),
        ("stale_limit = 3", "stale_limt = 3", ("safety.stale_limt", "mean stale_limit?")),
        ('servo = "xl330"', 'servo = "xl333"', ("xl333", "xl330")),
    ],
)
def test_a_spec_that_cannot_be_is_refused_by_its_key_with_what_is_allowed(
    capsys, policy, tmp_path, old, new, words
):
    folder = robot_folder(tmp_path / "robot", old, new)
    said = recording(capsys, policy, "/dev/null", "--robot", folder)
    assert [word for word in words if word not in said] == []


def test_a_robot_without_a_spec_is_refused_with_those_that_ship(capsys, policy, tmp_path):
    said = recording(capsys, policy, "/dev/null", "--robot", tmp_path / "none")
    assert "shipped are arm, quadruped, servo" in said


def test_a_joint_beyond_the_encoders_turn_is_refused_with_its_limits():
    wide = with_joint(servo="sts3215", lower=-3.5, upper=3.5)
    wide = replace(wide, bus=replace(wide.bus, protocol="feetech", watchdog=0.0))
    with chain(1, protocol="feetech", model="sts3215") as line:
        with pytest.raises(BusError, match=r"servo 1 \(shoulder\) may go from -3.5 to 3.5 rad"):
            enabled(line, wide)
        assert torques(line) == [0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "shoulder"', 'name = "elbow"', ("shoulder", "elbow")),
        ("rate = 50 ", "rate = 100 ", ("50.0", "100.0")),
        ("p_gain = 400", "p_gain = 200", ("p_gain of joint shoulder", "400", "200")),
        ('name = "servo"', 'name = "wheel"', ("'servo'", "'wheel'")),
    ],
)
def test_a_policy_of_another_robot_is_refused_before_torque(
    capsys, policy, tmp_path, bench: Bench, old, new, words
):
    folder = robot_folder(tmp_path / "robot", old, new)
    said = recording(capsys, policy, bench.port, "--robot", folder)
    assert [word for word in words if word not in said] == []
    assert bench.memory.get("torque_enable") == 0


def test_weights_of_other_dimensions_or_another_hash_are_refused_before_torque(
    capsys, policy, tmp_path, bench: Bench
):
    bundle = Bundle.load(policy)
    wide = {**bundle.actor, "trunk.0.weight": np.zeros((16, 99), np.float32)}
    narrow = replace(bundle, actor=wide).save(tmp_path / "wide")
    said = recording(capsys, narrow, bench.port)
    assert "99" in said
    weights = policy / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert "weights.safetensors" in recording(capsys, policy, bench.port)
    assert bench.memory.get("torque_enable") == 0


@pytest.mark.parametrize("command", ["recover", "adapt", "calibrate"])
def test_a_log_of_an_unknown_version_names_it_and_who_reads_it(
    capsys, monkeypatch, policy, tmp_path, command
):
    log = tmp_path / "old.mcap"
    with monkeypatch.context() as newer:
        newer.setattr(log_header, "FORMAT_VERSION", "99")
        with LogWriter(log, LogHeader(robot="servo"), offline=True) as writer:
            writer.event(0.0, "info", "state", "limp")
    asked = {
        "recover": ("recover", log, "--out", tmp_path / "new.mcap"),
        "adapt": ("adapt", log, "--policy", policy, "--out", tmp_path / "new"),
        "calibrate": ("calibrate", "servo", log),
    }
    said = refused(capsys, *asked[command])
    assert "'99'" in said
    assert "the release that wrote it" in said
    assert not (tmp_path / "new.mcap").exists()


@pytest.mark.slow
def test_unplugging_mid_run_stops_within_two_ticks_with_code_3_and_the_watchdog_stops_the_servo(
    capsys, policy, bench: Bench
):
    faulty(bench, policy.parent, 'kind = "unplug"\nbegin = 3.0')
    out = policy.parent / "run.mcap"
    asked = ["record", "--policy", policy, "--port", bench.port, "--out", out]
    asked += ["--clock", "lockstep"]
    assert run([str(word) for word in asked]) == Exit.PORT_LOST
    said = capsys.readouterr().out
    assert "plug it in again" in said
    log = Log.open(out)
    assert log.damage is None
    # One joint read moves the twin by a period; some were asked before the log began.
    assert 3.0 - 4 * PERIOD <= log.readings.time[-1] <= 3.0 + 2 * PERIOD
    assert log.policy.time[-1] <= 3.0 + 2 * PERIOD
    assert any(e.text.startswith("fault") for e in log.events)
    for _ in range(5000):
        if bench.twin.time > 3.0 + SPEC.bus.watchdog + 0.1:
            break
        time.sleep(0.002)
    assert bench.memory.get("bus_watchdog") == -1


def test_a_twin_whose_faults_cannot_be_is_refused_with_the_nearest(capsys, tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\nkind = "unplugg"\n')
    assert "did you mean 'unplug'?" in refused(capsys, "twin", "servo", "--faults", file)
