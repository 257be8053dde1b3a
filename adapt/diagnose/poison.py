"""`poison_flaws`: values that no robot can have measured."""

import numpy as np

from ashore.adapt.diagnose.flaw import Array, Flaw, Mask, severity, stretches
from ashore.adapt.diagnose.record import Record

ASKED = 0.15
"""How far goals move away before an encoder that does not change counts as stuck [rad]."""
STUCK = 0.5
"""Time over which that is looked at [s]."""
MOSTLY = 0.2
"""Share of the time stuck above which a joint tells nothing."""
SLACK, ROOM = 1.5, 0.05
"""A jump is more than `SLACK` times what the fastest joint covers, and `ROOM` [rad]."""
FEW = 3
"""Jumps that a log may have and still be used."""
REPEATED = 0.4
"""Length of a stretch that comes twice [s]."""
ALIVE = 0.02
"""Least motion within it, so that a robot that stands still does not count [rad]."""


def poison_flaws(record: Record) -> list[Flaw]:
    """Find what is no number, encoders that are stuck or jump, stretches that come twice."""
    found = _finite(record)
    return found or [*_stuck(record), *_jumps(record), *_twice(record)]


def _finite(record: Record) -> list[Flaw]:
    found = []
    for name in ("position", "velocity", "current", "gyro", "gravity"):
        values = getattr(record, name)
        bad = ~np.isfinite(values)
        # A signal that is NaN throughout was not measured.
        if name != "position":
            bad &= ~np.isnan(values).all(axis=0)
        if bad.any():
            what = f"{np.count_nonzero(bad)} values of {name} are not finite numbers"
            where = stretches(record.time, bad.any(axis=1))
            found.append(_flaw(what, "cut the log before them", where))
    return found


def _flaw(what: str, cure: str, where: tuple[tuple[float, float], ...], grave: bool = True) -> Flaw:
    return Flaw(
        kind="poison",
        severity=severity(grave),
        what=what,
        cure=cure,
        where=where,
    )


def _stuck(record: Record) -> list[Flaw]:
    found, rows = [], max(2, round(STUCK / record.period))
    for index, name in enumerate(record.spec.names):
        frozen = _frozen(record, index, rows)
        share = float(frozen.sum() / max(1, np.count_nonzero(record.working)))
        if frozen.any():
            what = f"the encoder of {name} stood while its goals moved, {share:.0%} of the time"
            cure = "see whether the joint is blocked or its encoder dead"
            found.append(_flaw(what, cure, stretches(record.time, frozen), share > MOSTLY))
    return found


def _frozen(record: Record, joint: int, rows: int) -> Mask:
    """Readings within a stretch over which the goal went and the angle did not, to the count."""
    struck = np.zeros(len(record.time), dtype=np.bool_)
    if len(struck) < rows:
        return struck
    usable = record.powered[:, joint] & record.fresh[:, joint] & record.working
    angle, goal = _windows(record.position[:, joint], rows), _windows(record.goal[:, joint], rows)
    still = np.ptp(angle, axis=1) == 0.0
    with np.errstate(invalid="ignore"):
        still &= np.ptp(goal, axis=1) > ASKED
    still &= _windows(usable.astype(np.float64), rows).min(axis=1) > 0.0
    for begin in np.flatnonzero(still):
        struck[begin : begin + rows] = True
    return struck


def _windows(values: Array, rows: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(values, rows)


def _jumps(record: Record) -> list[Flaw]:
    steps = np.maximum(np.diff(record.time), record.period)
    reach = SLACK * steps[:, None] * record.spec.fastest + ROOM
    jumped = np.abs(np.diff(record.position, axis=0)) > reach
    found = []
    for index in np.flatnonzero(jumped.any(axis=0)):
        times = record.time[1:][jumped[:, index]]
        what = f"{record.spec.names[index]} jumped {len(times)} times by more than it can move"
        where = tuple((float(t), float(t)) for t in times)
        cure = "its encoder slips, bits are lost on the bus, or rows are out of order"
        found.append(_flaw(what, cure, where, len(times) > FEW))
    return found


def _twice(record: Record) -> list[Flaw]:
    """Stretches whose every number has been there before: noise never repeats."""
    rows = max(4, round(REPEATED / record.period))
    seen: dict[bytes, int] = {}
    struck = np.zeros(len(record.time), dtype=np.bool_)
    signals = np.concatenate([record.position, np.nan_to_num(record.current)], axis=1)
    for begin in range(len(signals) - rows + 1):
        part = signals[begin : begin + rows]
        if np.ptp(part[:, : len(record.spec.joints)], axis=0).max() < ALIVE:
            continue
        first = seen.setdefault(part.tobytes(), begin)
        if begin - first >= rows:
            struck[begin : begin + rows] = True
    if not struck.any():
        return []
    what = f"{struck.sum() * record.period:.1f} s of the log are a copy of an earlier stretch"
    cure = "it was pasted together: give the logs as they were recorded"
    return [_flaw(what, cure, stretches(record.time, struck))]
