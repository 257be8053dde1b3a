"""Checks of who is on a line: the missing, the doubled, the wrong, the unexpected."""

from collections.abc import Callable

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.doctor.patient import Patient, Ward, model_name, names_of
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.scan import Found

LineCheck = Callable[[Ward], list[Finding]]


def check_presence(ward: Ward) -> list[Finding]:
    """Look at whether everyone answers at the rate of the line."""
    moved = {found.id for found in ward.elsewhere}
    found = [_mistuned(ward, found) for found in ward.elsewhere]
    missing = [patient for patient in ward.missing if patient.id not in moved]
    if missing:
        found.append(_missing(ward, missing))
    if not ward.patients:
        return [_nobody(ward)]
    if not found and ward.present:
        count = f"{len(ward.present)} servo{'s' * (len(ward.present) > 1)}"
        found.append(fine("presence", f"{count} on {ward.port} at {ward.baud} baud"))
    return found


def _nobody(ward: Ward) -> Finding:
    return Finding(
        level="hurts",
        check="presence",
        found=f"no servo answers on {ward.port}, at any rate and in any protocol",
        why="nothing can be driven",
        advice="check power, cable and ground; an SCS servo answers only with --robot",
    )


def _missing(ward: Ward, missing: list[Patient]) -> Finding:
    there = ", ".join(str(patient.id) for patient in ward.present) or "none"
    names = ", ".join(f"{p.id} ({p.joint})" if p.joint else str(p.id) for p in missing)
    swapped = len(missing) == len(ward.strangers) == 1
    mend = (ward.write(ward.strangers, "id", missing[0].id),) if swapped else ()
    return Finding(
        level="hurts",
        check="presence",
        found=f"no servo {names} on {ward.port} at any rate; answered: {there}",
        why="a run refuses to start without it",
        mend=mend,
        advice="if the one that nobody has is it, give it its id"
        if swapped
        else "check its power, its cable and its id",
    )


def _mistuned(ward: Ward, found: Found) -> Finding:
    joint = next((p.joint for p in ward.patients if p.id == found.id and p.joint), "")
    who = f"servo {found.id} ({joint})" if joint else f"servo {found.id}"
    mend: tuple[str, ...] = ()
    table = None
    if found.number is not None:
        table = ControlTable.by_number(found.protocol, found.number)
    if table is not None and found.protocol == ward.protocol and ward.baud in table.bauds:
        line = f"--model {model_name(found.protocol, table.number)} --baud {found.baud}"
        code = table.bauds.index(ward.baud)
        mend = (f"ashore servo write {ward.port} {found.id} baud_rate {code} {line}",)
    return Finding(
        level="hurts",
        check="baud",
        found=f"{who} speaks {found.protocol} at {found.baud} baud, "
        f"the line {ward.protocol} at {ward.baud}",
        why="neither hears the other",
        mend=mend,
        advice="" if mend else "fit another servo, or change bus.protocol or bus.baud in the spec",
    )


def check_doubles(ward: Ward) -> list[Finding]:
    """Look at whether two servos share an id: their answers come at once and destroy each other."""
    shared = [patient for patient in ward.patients if patient.shared]
    if len(shared) == len(ward.patients) > 1:
        return [
            Finding(
                level="hurts",
                check="noise",
                found=f"what comes from {names_of(shared)} on {ward.port} is damaged",
                why="no answer can be believed",
                advice="check cable, ground and supply, and that nothing else drives the line",
            )
        ]
    return [_double(ward, patient) for patient in shared]


def _double(ward: Ward, patient: Patient) -> Finding:
    taken = {p.id for p in ward.patients}
    free = next(servo for servo in range(1, 253) if servo not in taken)
    return Finding(
        level="hurts",
        check="double",
        found=f"several servos answer to id {patient.id}"
        + (f" ({patient.joint})" if patient.joint else ""),
        why="their answers destroy each other, and a goal for one moves both",
        mend=(ward.write([patient], "id", free),),
        advice="unplug one of the two before, and plug it in again afterwards; "
        "if there is but one, its cable is bad",
    )


def check_strangers(ward: Ward) -> list[Finding]:
    """Look at whether servos answer that the robot does not have."""
    return [
        Finding(
            level="note",
            check="strangers",
            found=f"{patient.who} answers on {ward.port}, and no joint of the spec has that id",
            why="nobody drives it",
            advice="unplug it, or add its joint to the spec",
        )
        for patient in ward.strangers
        if not patient.shared
    ]


def check_models(ward: Ward) -> list[Finding]:
    """Look at whether each servo is of the model that the spec names."""
    found = []
    for patient in ward.present:
        wanted = patient.wanted
        if wanted is not None and patient.number != wanted.number:
            what = f"{patient.table.name} " if patient.table else ""
            found.append(
                Finding(
                    level="hurts",
                    check="model",
                    found=f"{patient.who} is a {what}({patient.number}), the spec says "
                    f"{wanted.name} ({wanted.number})",
                    why="its registers and units may be others; a run refuses to start",
                    advice="fit the right servo, or mend the joint's servo in the spec",
                )
            )
        elif patient.table is None:
            found.append(_unknown(patient))
    return found


def _unknown(patient: Patient) -> Finding:
    return Finding(
        level="note",
        check="model",
        found=f"{patient.who} has model number {patient.number}, of which there is no table",
        why="its settings cannot be read",
        advice="add its control table to hardware/servos",
    )


LINE_CHECKS: tuple[LineCheck, ...] = (check_presence, check_doubles, check_strangers, check_models)
"""Every check of who is on a line."""
