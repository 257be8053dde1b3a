"""`ReplaySet`: windows of robots on their feet and of robots in a stand, replayed as one."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.trajectory import Trajectory, Window
from ashore.envs.physics.standing import held
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


class ReplaySet:
    """A `Replay` for each kind of support, their rows and windows in a row.

    Windows of robots that were held come last. Arrays are as `Replay` has them.
    """

    def __init__(
        self,
        spec: RobotSpec,
        windows: Sequence[Window],
        vectors: int,
        config: ReplayConfig | None = None,
    ) -> None:
        """Lay out the batches.

        Raises:
            AdaptError: there is no window.
        """
        free = [window for window in windows if not window.trajectory.held]
        in_stand = [window for window in windows if window.trajectory.held]
        # Without any window, the first refuses.
        self._parts = [Replay(spec, free, vectors, config)] if free or not in_stand else []
        if in_stand:
            self._parts.append(Replay(held(spec), in_stand, vectors, config))
        self.config = self._parts[0].config
        self.simulation = self._parts[0].simulation
        self.windows = [window for part in self._parts for window in part.windows]
        self.measured = np.concatenate([part.measured for part in self._parts])
        self.fresh = np.concatenate([part.fresh for part in self._parts])
        self.time = np.concatenate([part.time for part in self._parts])
        before = np.cumsum([0, *(len(part.windows) for part in self._parts[:-1])])
        self.window = np.concatenate(
            [part.window + b for part, b in zip(self._parts, before, strict=True)]
        )

    def residual(self, values: Mapping[str, Array]) -> Array:
        """Predicted minus measured, `(P, S, nj)` [rad]; zero where nothing was measured."""
        return np.concatenate([part.residual(values) for part in self._parts], axis=1)

    def errors(self, values: Mapping[str, Array]) -> Array:
        """Mean absolute error of each vector and window, `(P, W)` [rad]."""
        return np.concatenate([part.errors(values) for part in self._parts], axis=1)


def whole_log_errors(
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    values: Mapping[str, Array],
    config: ReplayConfig | None = None,
) -> dict[str, float]:
    """Mean absolute error of each trajectory's replay from its first sample to its last [rad].

    Args:
        spec: the robot.
        trajectories: what to replay; a recording that broke off is replayed piece by piece.
        values: parameters by name, `(1, nj)` or `(1, 1)`; others are nominal.
        config: how.
    """
    return errors_of_logs(spec, trajectories, values, 1, config)[0]


def errors_of_logs(
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    values: Mapping[str, Array],
    vectors: int,
    config: ReplayConfig | None = None,
) -> list[dict[str, float]]:
    """The same of several parameter vectors, which are replayed together.

    Args:
        spec: the robot.
        trajectories: what to replay.
        values: parameters by name, `(P, nj)` or `(P, 1)`; others are nominal.
        vectors: how many there are, `P`.
        config: how.
    """
    windows = [window for trajectory in trajectories for window in trajectory.segments()]
    replay = ReplaySet(spec, windows, vectors, config)
    found: list[dict[str, list[float]]] = [{} for _ in range(vectors)]
    for window, errors in zip(replay.windows, replay.errors(values).T, strict=True):
        for each, error in zip(found, errors, strict=True):
            each.setdefault(window.trajectory.source, []).append(float(error))
    return [{source: float(np.mean(errors)) for source, errors in e.items()} for e in found]
