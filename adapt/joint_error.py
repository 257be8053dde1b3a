"""`joint_errors`: how far a simulated robot's joints are from the real one's over whole logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import ReplaySet
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

SETTLED = 0.5
"""Beginning of a log that is not counted: nobody measured how the robot stood there [s]."""


@dataclass(frozen=True, kw_only=True)
class JointError:
    """Root of the mean squared error over samples and joints of one log."""

    rmse: float
    """As it is [rad]."""
    without_offset: float
    """After each joint's mean error was taken off [rad]."""


def joint_errors(
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    values: Mapping[str, Array],
    config: ReplayConfig | None = None,
) -> dict[str, JointError]:
    """Replay each trajectory in one piece and compare, by source, from `SETTLED` on.

    Args:
        spec: the robot.
        trajectories: what to replay.
        values: parameters by name, of one robot; others are nominal.
        config: how.
    """
    windows = [window for trajectory in trajectories for window in trajectory.segments()]
    replay = ReplaySet(spec, windows, 1, config)
    residual = replay.residual(values)[0]
    errors = {}
    for index, window in enumerate(replay.windows):
        rows = (replay.window == index) & (replay.time > SETTLED)
        error = residual[rows]
        errors[window.trajectory.source] = JointError(
            rmse=_root(error), without_offset=_root(error - error.mean(axis=0))
        )
    return errors


def _root(error: Array) -> float:
    return float(np.sqrt(np.square(error).mean()))
