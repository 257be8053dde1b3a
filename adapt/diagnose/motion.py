"""`motion_flaws`: is a log long enough, and does every joint move enough to tell anything."""

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, severity
from ashore.adapt.diagnose.record import Record

LEAST_SECONDS = 8.0
"""Shortest recording under a policy that can be adapted from [s]."""
LEAST_MOTION = 0.05
"""Smallest standard deviation of a joint's angle that tells anything [rad]."""
LEG_MOTION = 0.01
"""The same of one joint of a robot that walks: straight ahead, legs hardly swing aside [rad]."""


def motion_flaws(record: Record) -> list[Flaw]:
    """Find a log too short, and joints too still.

    Of a base that stands fast each joint is fitted by its own motion. A robot on legs is fitted by
    the walk, and a leg that never swings aside tells less, not nothing.
    """
    seconds = float(np.count_nonzero(record.working) * record.period)
    found = []
    if seconds < LEAST_SECONDS:
        found.append(
            Flaw(
                kind="length",
                severity="unusable",
                what=f"the log holds {seconds:.1f} s of a robot at work, and at least "
                f"{LEAST_SECONDS:g} s are needed",
                cure="record for longer",
            )
        )
    moved = np.nanstd(record.position[record.working], axis=0)
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
