"""`motion_flaws`: is a log long enough, and does every joint move enough to tell anything."""

from collections.abc import Sequence

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, severity
from ashore.adapt.diagnose.record import Record

LEAST_SECONDS = 8.0
"""Shortest recording under a policy that can be adapted from [s]."""
LEAST_MOTION = 0.05
"""Smallest standard deviation of a joint's angle that tells anything [rad]."""
LEG_MOTION = 0.01
"""The same of one joint of a robot that walks: straight ahead, legs hardly swing aside [rad]."""


def motion_flaws(records: Sequence[Record]) -> list[Flaw]:
    """Find logs that are too short together, and joints that are too still in all of them.

    Of a base that stands fast each joint is fitted by its own motion. A robot on legs is fitted by
    the walk, and a leg that never swings aside tells less, not nothing.
    """
    record = records[0]
    seconds = sum(each.seconds for each in records)
    found = []
    if seconds < LEAST_SECONDS:
        found.append(
            Flaw(
                kind="length",
                severity="unusable",
                what=f"{seconds:.1f} s of a robot at work are in the log, and at least "
                f"{LEAST_SECONDS:g} s are needed",
                cure="record for longer",
            )
        )
    moved = np.max([np.nanstd(each.position[each.working], axis=0) for each in records], axis=0)
    every = bool((moved < LEAST_MOTION).all())
    least = LEAST_MOTION if every or record.fixed else LEG_MOTION
    still = [n for n, much in zip(record.spec.names, moved, strict=True) if not much >= least]
    if still:
        found.append(
            Flaw(
                kind="excitation",
                severity=severity(every or record.fixed),
                what=f"{'every joint' if every else ', '.join(still)} moved by less than "
                f"{least:g} rad (standard deviation; least {np.nanmin(moved):.3f})",
                cure="ask more of the robot, or record with `ashore excite`",
            )
        )
    return found
