"""`clock_flaws`: do the stamps of a log pass as the robot's time did."""

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, Severity, Stretches, stretches
from ashore.adapt.diagnose.record import Record

JITTER = 0.25
"""Deviation of the steps between readings, of a control period, above which they are uneven."""
OFF_RATE, WRONG_RATE = 0.03, 0.2
"""Share by which the usual step may differ from the control period before it is told, and before
nothing fits it."""
TOGETHER = 0.5
"""Least correlation of reported velocity with the positions' change; 0.9 and more is usual."""
MOVING = 0.1
"""Velocity from which that is asked [rad/s]."""
FEWEST = 25
"""Samples that such a correlation takes."""


def clock_flaws(record: Record) -> list[Flaw]:
    """Find times that run backwards, stand, jitter or drift, and readings out of their order."""
    time = record.time
    if not np.isfinite(time).all():
        return [_flaw("unusable", "times are not finite numbers", "record the log again")]
    steps = np.diff(time)
    back = np.concatenate([[False], steps < 0.0])
    if back.any():
        what = f"time goes backwards {np.count_nonzero(back)} times"
        cure = "the clock was set, or logs were mixed: split them, or record again"
        return [_flaw("unusable", what, cure, stretches(time, back))]
    return [*_pace(record, steps), *_order(record)]


def _flaw(severity: Severity, what: str, cure: str, where: Stretches = ()) -> Flaw:
    return Flaw(kind="clock", severity=severity, what=what, cure=cure, where=where)


def _pace(record: Record, steps: np.ndarray) -> list[Flaw]:
    found, period = [], record.period
    stands = np.concatenate([[False], steps <= 0.0])
    if stands.any():
        what = f"{np.count_nonzero(stands)} readings have the time of the one before"
        where = stretches(record.time, stands)
        found.append(_flaw("warn", what, "see what writes them twice", where))
    usual = float(np.median(steps))
    off = abs(usual / period - 1.0)
    if off > OFF_RATE:
        what = f"readings come every {1e3 * usual:.2f} ms, and the spec says {1e3 * period:g} ms"
        cure = "mend the host's clock or the rate in the spec"
        found.append(_flaw("unusable" if off > WRONG_RATE else "warn", what, cure))
    # A skipped tick is a gap, told there.
    near = steps[(steps > 0.0) & (steps < 1.75 * usual)]
    jitter = float(np.sqrt(np.mean((near - usual) ** 2))) if len(near) else 0.0
    if jitter > JITTER * period:
        what = f"the time between readings varies by {1e3 * jitter:.1f} ms"
        cure = "run on a quieter computer or under --realtime"
        found.append(_flaw("warn", what, cure))
    return found


def _order(record: Record) -> list[Flaw]:
    """Whether positions change as the servos' own velocities say: they do in no other order."""
    rows = record.fresh[1:-1] & record.fresh[2:] & record.fresh[:-2]
    span = record.time[2:] - record.time[:-2]
    rows &= ((span > 0.0) & (span < 3.0 * record.period))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = (record.position[2:] - record.position[:-2]) / span[:, None]
    said = record.velocity[1:-1]
    rows &= np.isfinite(said) & np.isfinite(moved) & (np.abs(said) > MOVING)
    if np.count_nonzero(rows) < FEWEST:
        return []
    alike = float(np.corrcoef(np.clip(moved[rows], -20.0, 20.0), said[rows])[0, 1])
    if alike >= TOGETHER:
        return []
    what = (
        "positions do not change as the servos' velocities say (correlation "
        f"{alike:.2f}): readings are not in the order of their times"
    )
    return [_flaw("unusable", what, "the clock or the rows were shuffled; record the log again")]
