"""Checks of how servos are now: faults, supply, heat, torque, watchdog."""

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.doctor.patient import Patient, Ward, names_of
from ashore.hardware.doctor.setting_check import ServoCheck

_WARM = 5.0  # how near to its limit a servo is warm [degC]


def check_faults(ward: Ward) -> list[Finding]:
    """Look for hardware errors, which stay until a reboot and keep torque off."""
    found = []
    for (_, (value,)), patients in ward.grouped("hardware_error_status").items():
        table = patients[0].table
        if not value or table is None:
            continue
        found.append(
            Finding(
                level="hurts",
                check="faults",
                found=f"{names_of(patients)}: {', '.join(table.faults(value))}",
                why="it takes no torque until it is restarted",
                mend=(ward.reboot(patients),),
                advice="find the cause first; it may fall when it restarts",
            )
        )
    return found or ([fine("faults", "no servo reports a fault")] if ward.present else [])


def check_voltage(ward: Ward) -> list[Finding]:
    """Look at whether the supply is within what servos allow."""
    found = []
    for patient in ward.present:
        volts, low, high = (
            patient.si(name)
            for name in ("present_input_voltage", "min_voltage_limit", "max_voltage_limit")
        )
        if volts is None or low is None or high is None or low <= volts <= high:
            continue
        found.append(
            Finding(
                level="hurts",
                check="voltage",
                found=f"{patient.who} has {volts:.1f} V; {low:.1f} to {high:.1f} V is allowed",
                why="it shuts down, or does so under load",
                advice="check supply and battery, and the thickness and length of the cable",
            )
        )
    known = [v for p in ward.present if (v := p.si("present_input_voltage")) is not None]
    if found or not known:
        return found
    span = " to ".join(dict.fromkeys((f"{min(known):.1f}", f"{max(known):.1f}")))
    return [fine("voltage", f"the supply is {span} V at the servos")]


def check_heat(ward: Ward) -> list[Finding]:
    """Look at whether a servo is about to shut down from heat."""
    found = []
    for patient in ward.present:
        now, limit = patient.si("present_temperature"), patient.si("temperature_limit")
        if now is None or limit is None or now < limit - _WARM:
            continue
        found.append(
            Finding(
                level="hurts" if now >= limit else "note",
                check="heat",
                found=f"{patient.who} has {now:.0f} degC; its limit is {limit:.0f}",
                why="it shuts down at its limit",
                advice="let it cool, and find what it works against",
            )
        )
    return found


def check_torque(ward: Ward) -> list[Finding]:
    """Look at whether servos hold torque although nobody drives them."""
    holding = [patient for patient in ward.present if patient.registers.get("torque_enable")]
    if not holding:
        return []
    return [
        Finding(
            level="hurts",
            check="torque",
            found=f"{names_of(holding)}: torque is on, and nobody drives it",
            why="it heats up, and its settings are locked",
            mend=(f"{ward.write(holding, 'torque_enable', 0)} --force",),
            advice="hold the robot first: it falls",
        )
    ]


def check_watchdog(ward: Ward) -> list[Finding]:
    """Look at whether servos stop by themselves when nobody speaks to them any more."""
    without: dict[str, list[Patient]] = {}
    for patient in ward.present:
        if patient.table is not None and patient.table.watchdog_firmware is None:
            without.setdefault(patient.table.name, []).append(patient)
    found = [
        Finding(
            level="note",
            check="watchdog",
            found=f"{names_of(patients)}: {model} has no watchdog",
            why="when the computer or its cable dies, it holds its last goal with all its force",
            advice="a switch in reach that cuts its power; the supervisor helps only while the "
            "computer lives",
        )
        for model, patients in without.items()
    ]
    for (_, (value,)), patients in ward.grouped("bus_watchdog").items():
        if value is not None and value < 0:
            found.append(
                Finding(
                    level="note",
                    check="watchdog",
                    found=f"{names_of(patients)}: its watchdog ran out",
                    why="it takes no goals until that is cleared, as a run does when it begins",
                    mend=(ward.write(patients, "bus_watchdog", 0),),
                )
            )
    return found


HEALTH_CHECKS: tuple[ServoCheck, ...] = (
    check_faults,
    check_voltage,
    check_heat,
    check_torque,
    check_watchdog,
)
"""Every check of how servos are now."""
