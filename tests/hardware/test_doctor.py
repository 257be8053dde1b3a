"""Laws of a doctor: each setting that hurts is found, with the command that mends it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.hardware.doctor.finding import Finding
from ashore.hardware.doctor.health_check import (
    check_faults,
    check_heat,
    check_torque,
    check_voltage,
    check_watchdog,
)
from ashore.hardware.doctor.imu_check import check_imu
from ashore.hardware.doctor.line_check import (
    check_doubles,
    check_models,
    check_presence,
    check_strangers,
)
from ashore.hardware.doctor.machine_check import (
    check_governor,
    check_latency_timer,
    check_preemption,
    check_realtime,
    check_workers,
)
from ashore.hardware.doctor.patient import Patient, Ward
from ashore.hardware.doctor.port_check import (
    Holder,
    PortAccess,
    check_access,
    check_holders,
    port_holders,
)
from ashore.hardware.doctor.setting_check import (
    check_answers,
    check_boot,
    check_firmware,
    check_frame,
    check_protection,
    check_return_delay,
)
from ashore.hardware.run.realtime import kernel_workers
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.scan import Found

XL330, STS3215 = ControlTable.load("xl330"), ControlTable.load("sts3215")
PORT = "/dev/ttyUSB0"


def file(root: Path, place: str, text: str) -> Path:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    return findings[0]


def patient(servo: int = 1, **registers: int) -> Patient:
    """A well XL330 with some registers otherwise."""
    kept = {"return_delay_time": 0, "drive_mode": 0, "homing_offset": 0, **registers}
    return Patient(id=servo, number=1200, firmware=52, table=XL330, model="xl330", registers=kept)


def ward(*patients: Patient, **changed: object) -> Ward:
    options = {"port": PORT, "protocol": "dynamixel2", "baud": 57_600, "patients": patients}
    return Ward(**{**options, **changed})


def ours(*patients: Patient, **changed: object) -> Ward:
    """The line of the shipped servo robot, whose one joint is servo 1."""
    known = [replace(p, joint="shoulder", wanted=XL330) if p.id == 1 else p for p in patients]
    return ward(*known, baud=1_000_000, robot="servo", spec=RobotSpec.load("servo"), **changed)


def test_a_latency_timer_of_16_ms_hurts_and_one_of_1_ms_does_not(tmp_path):
    file(tmp_path, "bus/usb-serial/devices/ttyUSB0/latency_timer", "16\n")
    file(tmp_path, "bus/usb-serial/devices/ttyUSB1/latency_timer", "1\n")
    bad, good = check_latency_timer(tmp_path, None)
    # 1000 ms / 16 ms are 62 waits a second.
    assert (bad.level, good.level) == ("hurts", "fine")
    assert "62 cycles a second" in bad.why
    assert bad.mend[0] == "echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer"
    assert 'ATTR{latency_timer}="1"' in bad.mend[1]
    assert "udev" in bad.mend[1]


def test_only_the_adapter_of_the_port_is_looked_at_through_links_too(tmp_path):
    file(tmp_path, "bus/usb-serial/devices/ttyUSB0/latency_timer", "16\n")
    file(tmp_path, "bus/usb-serial/devices/ttyUSB1/latency_timer", "16\n")
    file(tmp_path, "dev/ttyUSB1", "")
    (tmp_path / "robot").symlink_to(tmp_path / "dev/ttyUSB1")
    assert "ttyUSB1" in only(check_latency_timer(tmp_path, str(tmp_path / "robot"))).found
    assert check_latency_timer(tmp_path, "/dev/ttyACM0") == []


def rights(root: Path, effective: int, priority: str, locked: str) -> Path:
    file(root, "self/status", f"Name:\tx\nCapEff:\t{effective:016x}\n")
    file(
        root,
        "self/limits",
        f"Max locked memory         {locked}   {locked}   bytes\n"
        f"Max realtime priority     {priority}   {priority}\n",
    )
    return root


@pytest.mark.parametrize(
    ("effective", "priority", "locked", "level"),
    [
        (0, "0", "8388608", "hurts"),
        (0, "99", "8388608", "hurts"),
        (0, "99", "unlimited", "fine"),
        # CAP_SYS_NICE is bit 23, CAP_IPC_LOCK bit 14.
        (1 << 23 | 1 << 14, "0", "0", "fine"),
        (1 << 23, "0", "0", "hurts"),
    ],
)
def test_real_time_rights_come_from_limits_or_capabilities(
    tmp_path, effective, priority, locked, level
):
    found = only(check_realtime(rights(tmp_path, effective, priority, locked)))
    assert found.level == level
    if level == "hurts":
        assert "/etc/security/limits.d/" in found.mend[0]
        assert "rtprio 50" in found.mend[0]
        assert "memlock unlimited" in found.mend[0]


def process(root: Path, number: int, name: str, rank: int) -> None:
    """What /proc says of a process: name, state, 36 numbers, real-time priority, policy."""
    file(root, f"{number}/stat", f"{number} ({name}) I {' '.join(['7'] * 36)} {rank} 0 0\n")


def test_workers_that_hand_bytes_over_behind_others_are_told(tmp_path):
    process(tmp_path, 1, "python", 0)
    process(tmp_path, 2, "kworker/0:1-events", 0)
    file(tmp_path, "3/stat", "3 (kworker/u8:9) I 2\n")
    assert check_workers(tmp_path) == []
    process(tmp_path, 4, "kworker/u8:0-events_unbound", 49)
    assert only(check_workers(tmp_path)).level == "fine"
    process(tmp_path, 5, "kworker/u8:1-flush ) 1 (", 0)
    late = only(check_workers(tmp_path))
    assert (late.level, late.check) == ("note", "workers")
    assert "sudo chrt -f -p 49" in late.mend[0]
    assert kernel_workers(tmp_path) == {4: 49, 5: 0}


def test_governor_and_kernel_are_told(tmp_path):
    assert check_governor(tmp_path) == []
    file(tmp_path, "devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n")
    assert only(check_governor(tmp_path)).level == "fine"
    file(tmp_path, "devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n")
    slow = only(check_governor(tmp_path))
    assert slow.level == "note"
    assert slow.mend[0].startswith("echo performance | sudo tee /sys/devices/system/cpu/cpu*")
    file(tmp_path, "version", "Linux version 6.1 #1 SMP")
    assert only(check_preemption(tmp_path, tmp_path)).level == "note"
    file(tmp_path, "version", "Linux version 6.1 #1 SMP PREEMPT_DYNAMIC")
    assert only(check_preemption(tmp_path, tmp_path)).level == "fine"


def test_a_port_of_another_group_names_the_group(tmp_path):
    def asked(member: bool) -> Finding:
        return only(check_access(PORT, PortAccess(group="dialout", allowed=False, member=member)))

    assert asked(False).mend == ("sudo usermod -aG dialout $USER",)
    assert asked(True).mend == ("newgrp dialout",)
    assert PortAccess.of(str(file(tmp_path, "port", ""))).allowed


def test_who_holds_a_port_is_found_but_not_the_process_behind_a_pseudo_terminal(tmp_path):
    holders = {
        "7": ["/dev/pts/3"],
        "8": ["/dev/pts/3", "/dev/ptmx"],
        "9": ["/dev/pts/4"],
        str(os.getpid()): ["/dev/pts/3"],
    }
    for pid, targets in holders.items():
        file(tmp_path, f"{pid}/comm", "python\n")
        (tmp_path / pid / "fd").mkdir()
        for number, target in enumerate(targets):
            (tmp_path / pid / "fd" / str(number)).symlink_to(target)
    found = port_holders("/dev/pts/3", tmp_path)
    assert found == [Holder(pid=7, name="python")]
    assert only(check_holders("/dev/pts/3", found)).mend == ("kill 7",)


def test_a_well_servo_has_nothing_that_hurts():
    checks = (check_presence, check_models, check_firmware, check_return_delay, check_boot)
    checks += (check_frame, check_protection, check_faults, check_voltage, check_torque)
    well = ward(patient(shutdown=53, present_input_voltage=50, hardware_error_status=0))
    assert {f.level for check in checks for f in check(well)} == {"fine"}


def test_servos_with_one_fault_are_mended_by_one_command():
    slow = only(check_return_delay(ward(*(patient(i, return_delay_time=250) for i in (1, 2, 5)))))
    # 250 x 2 us are 500 us, of three servos 1.5 ms.
    assert "500 us" in slow.found
    assert "1.5 ms" in slow.why
    line = "--model xl330 --baud 57600"
    assert slow.mend == (f"ashore servo write {PORT} 1,2,5 return_delay_time 0 {line}",)


def test_servos_in_a_row_are_named_as_commands_take_them():
    chained = [patient(i, return_delay_time=250) for i in (*range(1, 13), 20, 21)]
    slow = only(check_return_delay(ward(*chained)))
    assert slow.found.startswith("servos 1-12, 20, 21:")
    assert " 1-12,20,21 return_delay_time 0 " in slow.mend[0]


def test_with_a_robot_commands_name_it():
    slow = only(check_return_delay(ours(patient(return_delay_time=250))))
    assert slow.mend == (f"ashore servo write {PORT} 1 return_delay_time 0 --robot servo",)


@pytest.mark.parametrize(
    ("check", "registers", "word", "command"),
    [
        (check_boot, {"startup_configuration": 3}, "torque comes on", "startup_configuration 2"),
        (check_boot, {"drive_mode": 12}, "a goal turns torque on", "drive_mode 4"),
        (check_frame, {"homing_offset": 1024}, "1.571 rad", "homing_offset 0"),
        (check_frame, {"drive_mode": 5}, "counts backwards", "drive_mode 4"),
        (check_protection, {"shutdown": 21}, "overload", "shutdown 53"),
        (check_faults, {"hardware_error_status": 32}, "overload", "servo reboot"),
        (check_torque, {"torque_enable": 1}, "torque is on", "torque_enable 0"),
    ],
)
def test_a_setting_that_hurts_is_mended_by_its_command(check, registers, word, command):
    hurts = only([f for f in check(ward(patient(**registers))) if f.level != "fine"])
    assert hurts.level == "hurts"
    assert word in hurts.found
    assert command in hurts.mend[0]


def test_a_supply_outside_the_servos_limits_hurts():
    limits = {"min_voltage_limit": 35, "max_voltage_limit": 70}
    low = only(check_voltage(ward(patient(present_input_voltage=31, **limits))))
    assert low.found == "servo 1 has 3.1 V; 3.5 to 7.0 V is allowed"
    assert low.level == "hurts"
    assert only(check_voltage(ward(patient(present_input_voltage=50, **limits)))).level == "fine"


def test_a_hot_servo_is_told_before_it_shuts_down():
    warm = patient(present_temperature=66, temperature_limit=70)
    assert only(check_heat(ward(warm))).level == "note"
    assert check_heat(ward(patient(present_temperature=60, temperature_limit=70))) == []


def test_old_firmware_is_told_with_what_it_lacks():
    old = replace(patient(), firmware=37)
    fast, watchdog = check_firmware(ward(old))
    assert "fast sync read needs 46" in fast.found
    assert "the bus watchdog needs 38" in watchdog.found


def test_a_servo_without_a_watchdog_is_told_but_does_not_hurt():
    feetech = replace(patient(), table=STS3215, model="sts3215", registers={"torque_enable": 0})
    note = only(check_watchdog(ward(feetech)))
    assert note.level == "note"
    assert "no watchdog" in note.found
    assert check_firmware(ward(feetech)) == []
    assert "ran out" in only(check_watchdog(ward(patient(bus_watchdog=-1)))).found


def test_a_servo_that_answers_pings_alone_is_told():
    mute = only(check_answers(ward(replace(patient(), registers={}))))
    assert "status_return_level 2" in mute.mend[0]


def test_a_missing_servo_is_named_and_a_stranger_may_be_it():
    lost = only(check_presence(ours(Patient(id=1))))
    assert "no servo 1 (shoulder)" in lost.found
    assert lost.mend == ()
    both = ours(Patient(id=1), patient(7))
    assert only(check_presence(both)).mend == (
        f"ashore servo write {PORT} 7 id 1 --model xl330 --baud 1000000",
    )
    assert "servo 7" in only(check_strangers(both)).found


def test_a_servo_at_another_rate_is_mended_by_its_code():
    moved = Found(
        protocol="dynamixel2", baud=57_600, id=1, number=1200, model="XL330-M288", firmware=52
    )
    found = only(check_presence(ours(Patient(id=1), elsewhere=(moved,))))
    # 1 Mbaud is the fourth of 9600, 57600, 115200, 1000000.
    command = f"ashore servo write {PORT} 1 baud_rate 3 --model xl330 --baud 57600"
    assert found.mend == (command,)
    assert "servo 1 (shoulder) speaks dynamixel2 at 57600 baud" in found.found


def test_two_servos_of_one_id_are_told_apart_from_a_noisy_line():
    shared = Patient(id=3, shared=True)
    double = only(check_doubles(ward(patient(1), shared)))
    assert double.check == "double"
    assert "3 id 2 --model xl330" in double.mend[0]
    assert only(check_doubles(ward(Patient(id=1, shared=True), shared))).check == "noise"


def test_a_wrong_model_is_told_with_both():
    wrong = only(check_models(ours(replace(patient(), number=1020, table=None, model=""))))
    assert "1020" in wrong.found
    assert "XL330-M288 (1200)" in wrong.found


@pytest.mark.slow
def test_an_inertial_sensor_is_held_against_the_spec(benches):
    robot = RobotSpec.load("quadruped")
    slow = replace(robot, rate=500.0)
    other = replace(robot, imu=replace(robot.imu, codec="vectornav", baud=921_600))
    fixed = RobotSpec.load("servo")
    bench = benches(spec=robot, model="xm430", clock="real")
    port = bench.twin.imu_port
    assert only(check_imu(port, robot)).level == "fine"
    assert "a stale sample stops it" in only(check_imu(port, slow)).why
    assert 'codec = "witmotion" and baud = 115200' in only(check_imu(port, other)).advice
    assert only(check_imu(port, fixed)).level == "note"
    assert "no inertial sensor is understood" in only(check_imu(bench.port, robot)).found
    assert "cannot open" in only(check_imu("/dev/absent", robot)).found
