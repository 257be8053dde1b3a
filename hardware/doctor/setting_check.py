"""Checks of how servos are set: what slows a cycle, and what moves a motor unasked."""

import math
from collections.abc import Callable

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.doctor.patient import Patient, Ward, names_of

_REVERSED, _ON_BY_GOAL = 1, 8  # bits of drive_mode. Source: e-manual, "Drive Mode (10)"
_AT_BOOT = 1  # bit of startup_configuration. Source: e-manual, "Startup Configuration (60)"

ServoCheck = Callable[[Ward], list[Finding]]


def check_firmware(ward: Ward) -> list[Finding]:
    """Look at whether firmware knows the joint read and the watchdog that runs rely on."""
    found = []
    for patient in ward.present:
        table = patient.table
        if table is None:
            continue
        for what, first, without in (
            ("fast sync read", table.fast_sync_firmware, "each answers alone, a third slower"),
            ("the bus watchdog", table.watchdog_firmware, "a run that wants it refuses to start"),
        ):
            if first is not None and patient.firmware < first:
                found.append(
                    Finding(
                        level="hurts",
                        check="firmware",
                        found=f"{patient.who} has firmware {patient.firmware}; {what} needs "
                        f"{first}",
                        why=without,
                        advice="update it with DYNAMIXEL Wizard 2.0",
                    )
                )
    return found


def check_answers(ward: Ward) -> list[Finding]:
    """Look at whether servos answer reads, and not pings alone."""
    mute = [p for p in ward.present if p.table is not None and not p.registers]
    if not mute:
        return []
    return [
        Finding(
            level="hurts",
            check="answers",
            found=f"{names_of(mute)} answers pings and no reads",
            why="its status_return_level is 0, and nothing can be known of it",
            mend=(ward.write(mute, "status_return_level", _talkative(mute[0])),),
        )
    ]


def _talkative(patient: Patient) -> int:
    table = patient.table
    return 2 if table is None else table["status_return_level"].maximum


def check_return_delay(ward: Ward) -> list[Finding]:
    """Look at how long servos wait before they answer, each once a cycle."""
    found = []
    for (_, (value,)), patients in ward.grouped("return_delay_time").items():
        delay = patients[0].si("return_delay_time")
        if not value or delay is None:
            continue
        cost = 1e3 * delay * len(patients)
        found.append(
            Finding(
                level="hurts",
                check="return_delay",
                found=f"{names_of(patients)}: return delay {delay * 1e6:.0f} us",
                why=f"plain reads of them take {cost:.1f} ms a cycle longer",
                mend=(ward.write(patients, "return_delay_time", 0),),
            )
        )
    return found or _all_fine(ward, "return_delay", "no servo waits before it answers")


def check_boot(ward: Ward) -> list[Finding]:
    """Look at whether servos hold torque as soon as they have power, or are sent a goal."""
    found = []
    for (_, (value,)), patients in ward.grouped("startup_configuration").items():
        if value is not None and value & _AT_BOOT:
            found.append(
                Finding(
                    level="hurts",
                    check="boot",
                    found=f"{names_of(patients)}: torque comes on when power does",
                    why="the joint moves or holds though nobody asked, also after each reboot",
                    mend=(ward.write(patients, "startup_configuration", value & ~_AT_BOOT),),
                )
            )
    for (_, (value,)), patients in ward.grouped("drive_mode").items():
        if value is not None and value & _ON_BY_GOAL:
            found.append(
                Finding(
                    level="hurts",
                    check="boot",
                    found=f"{names_of(patients)}: a goal turns torque on (drive_mode {value})",
                    why="a goal that was meant for a limp joint moves it",
                    mend=(ward.write(patients, "drive_mode", value & ~_ON_BY_GOAL),),
                )
            )
    return found or _all_fine(ward, "boot", "no servo brings torque by itself")


def check_frame(ward: Ward) -> list[Finding]:
    """Look at whether servos turn or shift their angles themselves.

    With a homing offset in extended position mode a watchdog that ran out has made motors move.
    Source: DynamixelSDK, issue 584.
    """
    found = []
    for (_, (value,)), patients in ward.grouped("homing_offset").items():
        if value:
            shift = patients[0].si("homing_offset") or 0.0
            found.append(
                Finding(
                    level="hurts",
                    check="frame",
                    found=f"{names_of(patients)}: homing offset {value} ({shift:.3f} rad)",
                    why="the spec's angles are the encoder's, and a run refuses it",
                    mend=(ward.write(patients, "homing_offset", 0),),
                    advice=f"then take {_turn(shift):.4f} from the joint's zero_offset in the spec",
                )
            )
    for (_, (value,)), patients in ward.grouped("drive_mode").items():
        if value is not None and value & _REVERSED:
            found.append(
                Finding(
                    level="hurts",
                    check="frame",
                    found=f"{names_of(patients)}: counts backwards (drive_mode {value})",
                    why="the spec's angles are the encoder's, and a run refuses it",
                    mend=(ward.write(patients, "drive_mode", value & ~_REVERSED),),
                    advice="then turn the joint's sign and its zero_offset in the spec",
                )
            )
    return found


def _turn(angle: float) -> float:
    """Return an angle within half a turn of 0 [rad]."""
    return math.remainder(angle, math.tau)


def check_protection(ward: Ward) -> list[Finding]:
    """Look at whether servos still protect themselves as they came from the factory."""
    found = []
    for (_, (value,)), patients in ward.grouped("shutdown").items():
        table = patients[0].table
        if table is None or value is None:
            continue
        lost = table["shutdown"].initial & ~value
        if lost:
            found.append(
                Finding(
                    level="hurts",
                    check="protection",
                    found=f"{names_of(patients)}: no shutdown at {', '.join(table.faults(lost))}",
                    why="what would have made it limp may burn it",
                    mend=(ward.write(patients, "shutdown", value | lost),),
                )
            )
    return found


def _all_fine(ward: Ward, check: str, text: str) -> list[Finding]:
    return [fine(check, text)] if ward.present else []


SETTING_CHECKS: tuple[ServoCheck, ...] = (
    check_firmware,
    check_answers,
    check_return_delay,
    check_boot,
    check_frame,
    check_protection,
)
"""Every check of how servos are set."""
