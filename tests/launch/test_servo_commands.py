"""`ashore doctor`, `ashore bus scan` and `ashore servo` on real pseudo-terminals."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from refusal import refused
from still_chain import chain

from ashore.hardware.doctor.doctor import Doctor
from ashore.hardware.doctor.finding import Finding
from ashore.hardware.wire import dynamixel, feetech, scan, servo_talk
from ashore.launch import doctoring
from ashore.launch.cli import run

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def prompt(monkeypatch):
    """A lockstep twin answers at once, and has few servos: nobody waits for the turns of 253."""
    monkeypatch.setattr(servo_talk, "_PING_SLOT", 0.0)
    monkeypatch.setattr(dynamixel, "largest_id", 10)
    monkeypatch.setattr(feetech, "largest_id", 10)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that must succeed prints."""
    code = run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def hurting(port: str, robot: str | None = None, **options: object) -> list[Finding]:
    doctor = Doctor(**{"bauds": (1_000_000, 57_600), "protocols": ("dynamixel2",), **options})
    findings = doctor.examine(port, robot)
    return [f for f in findings if f.level == "hurts" and f.check != "realtime"]


def carry_out(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Do what the doctor says."""
    words = command.split()
    assert words[0] == "ashore"
    said(capsys, *words[1:])


def test_what_the_doctor_prints_mends_what_it_found(capsys):
    with chain(1) as line:
        memory = line.memory()
        for name, value in (
            ("startup_configuration", 1),
            ("homing_offset", 300),
            ("drive_mode", 9),
            ("shutdown", 0),
        ):
            memory.put(name, value)
        found = hurting(line.port, "servo")
        checks = ["return_delay", "boot", "boot", "frame", "frame", "protection"]
        assert [finding.check for finding in found] == checks
        before = {name: memory.get(name) for name in ("drive_mode", "homing_offset")}
        assert before == {"drive_mode": 9, "homing_offset": 300}
        for _ in range(2):
            for finding in hurting(line.port, "servo"):
                carry_out(capsys, finding.mend[0])
        assert hurting(line.port, "servo") == []
        # 53 is the factory's.
        assert memory.get("shutdown") == 53


def test_a_latched_fault_is_mended_by_the_reboot_that_the_doctor_prints(capsys):
    with chain(1) as line:
        line.memory().put("return_delay_time", 0)
        line.memory().put("hardware_error_status", 32)
        fault = hurting(line.port, "servo")
        assert [f.found for f in fault] == ["servo 1 (shoulder): overload"]
        carry_out(capsys, fault[0].mend[0])
        assert line.memory().get("hardware_error_status") == 0


def test_the_doctor_moves_and_writes_nothing():
    with chain(1, 2) as line:
        registers = [r.name for r in line.memory().table if r.name != "realtime_tick"]
        before = [{n: line.memory(i).get(n) for n in registers} for i in (0, 1)]
        hurting(line.port)
        hurting(line.port, "servo")
        assert before == [{n: line.memory(i).get(n) for n in registers} for i in (0, 1)]


def test_two_servos_of_one_id_are_found_and_the_others_stay_well():
    with chain(1, 3, 3) as line:
        doubles = [f for f in hurting(line.port) if f.check == "double"]
        assert [f.found for f in doubles] == ["several servos answer to id 3"]
        assert "--model xl330 --baud 1000000" in doubles[0].mend[0]


@pytest.mark.slow
def test_a_servo_at_another_rate_is_found_and_brought_back(capsys):
    with chain(1, baud=57_600) as line:
        assert hurting(line.port)[0].check == "return_delay"
        moved = [f for f in hurting(line.port, "servo") if f.check == "baud"]
        assert "57600" in moved[0].found
        carry_out(capsys, moved[0].mend[0])
        assert line.memory().get("baud_rate") == 3
        assert [f.check for f in hurting(line.port, "servo")] == ["return_delay"]


@pytest.mark.slow
def test_a_servo_of_another_model_and_a_missing_one_are_named():
    with chain(1, model="xl430") as line:
        assert "XL430-W250 (1060)" in hurting(line.port, "servo")[0].found
    with chain(4) as line:
        lost = hurting(line.port, "servo")[0]
        assert "no servo 1 (shoulder)" in lost.found
        assert "servo write" in lost.mend[0]
        assert " 4 id 1 " in lost.mend[0]


def test_a_port_that_nobody_answers_on_hurts():
    with chain(1) as line:
        silent = hurting(line.port, bauds=(9_600,))
        assert "no servo answers" in silent[0].found


@pytest.mark.parametrize("port", ["/dev/ttyNONE", "/dev/null"])
def test_a_port_that_does_not_open_is_a_finding(port):
    found = hurting(port)
    assert [f.check for f in found] == ["port"]
    assert port in found[0].found


@pytest.fixture
def healthy(monkeypatch, tmp_path) -> Callable[[int], None]:
    """A computer with real-time rights, or without."""

    def make(priority: int) -> None:
        (tmp_path / "self").mkdir(exist_ok=True)
        text = (
            f"Max locked memory  unlimited unlimited bytes\nMax realtime priority  {priority} 0\n"
        )
        (tmp_path / "self" / "limits").write_text(text)
        doctor = Doctor(sys=tmp_path, proc=tmp_path, bauds=(1_000_000,))
        monkeypatch.setattr(doctoring, "Doctor", lambda **options: replace(doctor, **options))

    return make


def test_the_exit_code_says_whether_something_hurts(capsys, healthy):
    healthy(99)
    with chain(1) as line:
        line.memory().put("return_delay_time", 0)
        assert "0 hurts" in said(capsys, "doctor", line.port, "--robot", "servo")
        line.memory().put("return_delay_time", 250)
        assert run(["doctor", line.port, "--robot", "servo"]) == 1
    out = capsys.readouterr().out
    assert "hurts  servo 1 (shoulder): return delay 500 us" in out
    assert f"$ ashore servo write {line.port} 1 return_delay_time 0 --robot servo" in out
    healthy(0)
    assert run(["doctor"]) == 1
    assert "rtprio is 0" in capsys.readouterr().out


def test_the_doctor_speaks_json(capsys, healthy):
    healthy(0)
    assert run(["doctor", "--json"]) == 1
    finding = next(f for f in json.loads(capsys.readouterr().out) if f["level"] == "hurts")
    assert finding["check"] == "realtime"
    assert finding["mend"][0].startswith("printf")


def test_a_scan_says_who_is_there(capsys, monkeypatch):
    monkeypatch.setattr(doctoring, "scan", lambda port, **_: scan.scan(port, (1_000_000,)))
    with chain(2, 9) as line:
        out = said(capsys, "bus", "scan", line.port)
        assert "id   2  XL330-M288 (1200), firmware 52" in out
        assert [f["id"] for f in json.loads(said(capsys, "bus", "scan", line.port, "--json"))] == [
            2,
            9,
        ]
    monkeypatch.setattr(doctoring, "scan", lambda port, **_: [])
    assert run(["bus", "scan", "/dev/null"]) == 1


def test_registers_are_read_in_counts_and_si(capsys):
    with chain(1, 2) as line:
        out = said(capsys, "servo", "read", line.port, "1-2", "goal_position", "--model", "xl330")
        assert out.startswith("servo 1  goal_position")
        # The second stands at 0.01 rad, 7 counts of 2 pi / 4096 from the middle.
        assert "2055  = 0.0107379 rad" in out
        everything = said(capsys, "servo", "read", line.port, "all", "--robot", "servo")
        assert "servo 1 (shoulder)  firmware_version" in everything


def test_nothing_that_can_move_a_motor_is_written_without_force(capsys):
    with chain(1) as line:
        asked = ("servo", "write", line.port, "1")
        for name in ("torque_enable", "goal_position", "goal_pwm"):
            text = refused(capsys, *asked, name, 1, "--model", "xl330")
            assert "--force" in text
        assert line.memory().get("torque_enable") == 0
        said(capsys, *asked, "torque_enable", 1, "--model", "xl330", "--force")
        assert line.memory().get("torque_enable") == 1


def test_eeprom_is_locked_while_torque_is_on_and_so_it_is_said(capsys):
    with chain(1) as line:
        line.memory().put("torque_enable", 1)
        asked = ("servo", "write", line.port, "1", "return_delay_time", 0, "--model", "xl330")
        text = refused(capsys, *asked)
        assert "locked while torque is on" in text
        assert line.memory().get("return_delay_time") == 250
        assert "lets go" in refused(capsys, "servo", "reboot", line.port, "1", "--model", "xl330")
        assert line.memory().get("torque_enable") == 1
        said(capsys, "servo", "reboot", line.port, "1", "--model", "xl330", "--force")
        assert line.memory().get("torque_enable") == 0


def test_an_id_that_is_taken_is_not_given_twice(capsys):
    with chain(1, 2) as line:
        asked = ("servo", "write", line.port, "1", "id")
        assert "taken" in refused(capsys, *asked, 2, "--model", "xl330")
        assert line.memory().get("id") == 1
        assert "id is 5" in said(capsys, *asked, 5, "--model", "xl330")
        assert line.memory().get("id") == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("1", "present_position", 3, "--model", "xl330"), "can only be read"),
        (("1", "returndelay", 3, "--model", "xl330"), "nearest: return_delay_time"),
        (("1", "led", 7, "--model", "xl330"), "0 to 1 is possible"),
        (("1", "led", 1), "--model MODEL"),
        (("x", "led", 1, "--model", "xl330"), "no servo ids 'x'"),
        (("9", "led", 1, "--robot", "servo"), "it has 1 (shoulder)"),
        (("1", "led", 1, "--model", "xl999"), "there are tables of"),
        (("1", "led", 1, "--robot", "nobody"), "shipped are"),
        (("1,2", "id", 3, "--model", "xl330"), "one at a time"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_port_is_opened(capsys, arguments, words):
    assert words in refused(capsys, "servo", "write", "/dev/ttyNONE", *arguments)


def test_a_silent_servo_is_told_with_where_to_look(capsys):
    with chain(1) as line:
        text = refused(capsys, "servo", "read", line.port, "4", "led", "--model", "xl330")
        assert "does not answer at 1000000 baud" in text
        assert "ashore bus scan" in text


def test_feetech_eeprom_is_opened_written_and_closed_again(capsys):
    with chain(1, protocol="feetech", model="sts3215") as line:
        memory = line.memory()
        out = said(
            capsys, "servo", "write", line.port, "1", "position_p_gain", 20, "--model", "sts3215"
        )
        assert "position_p_gain is 20" in out
        assert (memory.get("position_p_gain"), memory.get("lock")) == (20, 1)
        memory.put("torque_enable", 1)
        asked = ("servo", "write", line.port, "1", "position_p_gain", 30, "--model", "sts3215")
        assert "locked while torque is on" in refused(capsys, *asked)
        assert memory.get("position_p_gain") == 20


def test_a_feetech_line_is_examined_and_its_missing_watchdog_told():
    with chain(1, 2, protocol="feetech", model="sts3215") as line:
        doctor = Doctor(bauds=(1_000_000,), protocols=("feetech",))
        findings = doctor.examine(line.port)
        assert any("STS3215 has no watchdog" in f.found for f in findings)
        assert {"presence", "voltage", "faults"} <= {f.check for f in findings}
