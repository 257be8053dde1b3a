"""`agreement_flaws`: whether what the policy saw is what the joints said at that time."""

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, severity, stretches
from ashore.adapt.diagnose.record import Record
from ashore.hardware.logs.log import Log

ANGLE = "joint_position"
APART = 0.01
"""Difference of one angle, written twice, that is no rounding [rad]."""
MANY = 0.02
"""Share of control steps with such a difference from which the log is of no use."""


def agreement_flaws(log: Log, record: Record) -> list[Flaw]:
    """Compare the angles that the policy saw with the readings at that time.

    A log writes both. Rows that changed places in one table only, or in both otherwise, show here
    even where each table is smooth for itself, as a gait is that repeats.
    """
    steps = log.policy
    seen = steps.signals.get(ANGLE)
    if seen is None or seen.shape[1] != record.position.shape[1] or len(steps) == 0:
        return []
    time = steps.time - log.readings.time[0]
    at = np.maximum(np.searchsorted(record.time, time + 1e-9, side="right") - 1, 0)
    apart = np.abs(seen - record.position[at])
    struck = np.nan_to_num(apart).max(axis=1) > APART
    if not struck.any():
        return []
    share = float(struck.mean())
    return [
        Flaw(
            kind="clock",
            severity=severity(share > MANY),
            what=f"in {share:.0%} of its control steps the policy saw other angles than the joints "
            "said at that time: rows of the log changed places, or were changed",
            cure="take the file as `ashore record` wrote it",
            where=stretches(time, struck),
        )
    ]
