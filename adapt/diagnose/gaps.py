"""`gap_flaws`: which readings, joints and sensors are missing, and where."""

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, severity, stretches
from ashore.adapt.diagnose.record import Record

LEAST_FRESH = 0.8
"""Smallest share of control steps in which a joint must have answered."""
MANY = 0.05
"""Share of missing control steps that is told."""
SILENT = 0.2
"""Time for which a joint may be silent before it is told [s]."""
LONG = 5.0
"""Control periods without a reading after which a recording counts as broken off."""


def gap_flaws(record: Record) -> list[Flaw]:
    """Find ticks without a reading, joints that did not answer, servos without torque."""
    return [*_ticks(record), *_joints(record), *_torque(record)]


def _ticks(record: Record) -> list[Flaw]:
    steps = np.diff(record.time)
    if not np.isfinite(steps).all() or (steps < 0.0).any():
        return []
    lost = np.maximum(np.round(steps / record.period) - 1.0, 0.0)
    share = float(lost.sum() / (lost.sum() + len(record.time)))
    wide = np.flatnonzero(steps > LONG * record.period)
    if share < MANY and not len(wide):
        return []
    where = tuple((float(record.time[i]), float(record.time[i + 1])) for i in wide)
    what = f"{share:.0%} of the control steps have no reading, in {len(wide)} stretches"
    what += f" of more than {LONG:g}"
    cure = "see which deadlines were missed, and record again" if share >= MANY else (
        "the stretches between are used, none across"
    )
    grave = severity(share > 1.0 - LEAST_FRESH)
    return [Flaw(kind="gaps", severity=grave, what=what, cure=cure, where=where)]


def _joints(record: Record) -> list[Flaw]:
    found = []
    for name, fresh in zip(record.spec.names, record.fresh.T, strict=True):
        share = float(fresh.mean())
        where = stretches(record.time, ~fresh, SILENT)
        if share >= 1.0 - MANY and not where:
            continue
        found.append(
            Flaw(
                kind="silence",
                severity=severity(share < LEAST_FRESH),
                what=f"{name} answered in {share:.0%} of the control steps",
                cure="mend its cable and the bus first, see `ashore doctor`",
                where=where,
            )
        )
    return found


def _torque(record: Record) -> list[Flaw]:
    powered = record.powered[record.working]
    if not powered.any():
        what, cure = "torque was off throughout", "record a policy at work"
        return [Flaw(kind="torque", severity="unusable", what=what, cure=cure)]
    found = []
    for name, on in zip(record.spec.names, record.powered.T, strict=True):
        off = record.working & ~on
        if off.any():
            found.append(
                Flaw(
                    kind="torque",
                    severity="warn",
                    what=f"{name} had no torque in {off.sum() / record.working.sum():.0%} of it",
                    cure="see what switched it off: overload, its watchdog, its supply",
                    where=stretches(record.time, off),
                )
            )
    return found
