"""`Lags`: how late joints follow their goals, on the robot and in each simulator."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.gap.gap import Gap
from ashore.adapt.reaction import LEAST, lag, reaction
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

MOVED = 0.02
"""Least standard deviation of a goal that tells how late its joint is [rad]."""


@dataclass(frozen=True, kw_only=True)
class Lags:
    """How late `nj` joints follow; row 0 is the robot, the others the simulators in turn."""

    crossed: Array
    """Lag behind the goal by cross-correlation, `(1 + P, nj)` [s]; NaN of a joint that stood."""
    reaction: Array
    """Time from a goal to the first move, whatever the servo's stiffness, alike."""


def lags(spec: RobotSpec, log: Log, found: Gap) -> Lags | None:
    """Compare goals with angles over the longest replay without a restart.

    None if that is too short to tell.
    """
    series, period = found.whole, 1.0 / spec.rate
    grid = np.arange(series.time[0], series.time[-1], period)
    if len(grid) < LEAST:
        return None
    sent = Trajectory.from_log(log, spec)
    last = np.searchsorted(sent.goal_time, grid + 1e-9, side="right") - 1
    goal = sent.goal[np.maximum(last, 0)]
    angles = [series.measured["joint_position"], *series.predicted["joint_position"]]
    even = [_at(grid, series.time, angle) for angle in angles]
    stood = goal.std(axis=0) < MOVED
    return Lags(
        crossed=np.stack([np.where(stood, np.nan, period * lag(a, goal)) for a in even]),
        reaction=np.stack([np.where(stood, np.nan, period * reaction(a, goal)) for a in even]),
    )


def _at(grid: Array, time: Array, angle: Array) -> Array:
    """Angles on an even grid, between the samples that were measured linearly."""
    columns = []
    for column in angle.T:
        known = np.isfinite(column)
        columns.append(np.interp(grid, time[known], column[known]))
    return np.stack(columns, axis=1)
