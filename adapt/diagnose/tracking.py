"""`tracking`: does each joint go where its own goals say, and not another's, or the other way?"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from ashore.adapt.diagnose.record import Array, Record
from ashore.adapt.diagnose.shift import Shift

REACH = 0.3
"""Longest lag of a position behind its goal that is looked at [s]."""
LEAST = 4.0
"""Shortest log that is judged: in less, any two smooth motions may be alike [s]."""
MOVED = 0.05
"""Least standard deviation of a goal that is followed: friction lets smaller ones pass [rad]."""
CLEARLY = 0.6
"""Least correlation of a joint with the goals it is said to follow."""
BETTER = 0.25
"""By how much that must exceed its correlation with its own."""


def tracking(records: Sequence[Record]) -> list[Shift]:
    """Find positions that follow the goals of another joint, or their own with the sign turned.

    A servo follows its own encoder, so this is never how a robot is wired: it is how its log was
    written, by an importer or by a driver that turns angles and goals in different ways.
    """
    parts = np.stack([correlation(record) for record in records])
    count = np.isfinite(parts).sum(axis=0)
    shown = np.where(count > 0, np.nansum(parts, axis=0) / np.maximum(count, 1), np.nan)
    # Who did not follow because he was not asked to move follows nobody else either.
    asked = np.isfinite(np.diag(shown))
    shown = np.where(asked[:, None] & asked, shown, 0.0)
    strength, own = np.abs(shown), np.diag(shown)
    names = records[0].spec.names
    _, follows = linear_sum_assignment(-strength)
    found: list[Shift] = []
    for joint, other in enumerate(follows):
        best = shown[joint, other]
        elsewhere = joint != other and follows[other] != other
        if elsewhere and best >= CLEARLY and best - own[joint] >= BETTER:
            found.append(_elsewhere(names[joint], names[other], shown[joint, other]))
        elif own[joint] <= -CLEARLY:
            found.append(_turned(names[joint], own[joint]))
    return found


def _elsewhere(joint: str, other: str, shown: float) -> Shift:
    return Shift(
        kind="reading",
        what=f"the angle logged as {joint}'s follows the goals of {other}",
        joints=(joint, other),
        elsewhere="angles and goals are in different orders: mend whatever wrote the log, or say "
        "its columns' joints in the setup",
        evidence=f"correlation {shown:.2f}",
    )


def _turned(joint: str, shown: float) -> Shift:
    return Shift(
        kind="reading",
        what=f"the angle logged as {joint}'s moves against its goals: it is inverted",
        joints=(joint,),
        elsewhere="angles and goals are counted in different ways: mend the sign in whatever "
        "wrote the log",
        evidence=f"correlation {shown:.2f}",
    )


def correlation(record: Record) -> Array:
    """Correlation of each position with each goal at the lag that makes it largest, `(nj, nj)`.

    Slow drift is taken off both. NaN where a goal or a joint hardly moved.
    """
    rows = record.working & record.powered.all(axis=1) & np.isfinite(record.goal).all(axis=1)
    angle, goal = record.position[rows], record.goal[rows]
    joints, most = angle.shape[1], max(1, round(REACH * record.spec.rate))
    best = np.full((joints, joints), np.nan)
    if len(angle) < LEAST * record.spec.rate:
        return best
    moved = goal.std(axis=0) >= MOVED
    alive = angle.std(axis=0) >= 0.4 * MOVED
    y = angle[most:] - angle[most:].mean(axis=0)
    size = np.linalg.norm(y, axis=0)
    for lag in range(most):
        x = goal[most - lag : len(goal) - lag]
        x = x - x.mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            now = (y.T @ x) / np.outer(size, np.linalg.norm(x, axis=0))
        best = np.where(np.abs(now) > np.nan_to_num(np.abs(best)), now, best)
    best[:, ~moved] = np.nan
    best[~alive] = np.nan
    return best
