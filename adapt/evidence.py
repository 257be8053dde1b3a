"""`OpenLoop`: how well the nominal and the calibrated simulator predict a log they never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.side_by_side import side_by_side
from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class OpenLoop:
    """How well two simulators predict a held-out log, window by window."""

    nominal: Array
    """Mean absolute error of the nominal simulator, `(W,)` [rad]."""
    calibrated: Array
    """Mean absolute error of the calibrated simulator, `(W,)` [rad]."""
    time: Array
    """When each sample was taken, over the held-out trajectories in a row, `(S,)` [s]."""
    window: NDArray[np.intp]
    """Which window each sample belongs to, `(S,)`."""
    measured: Array
    """Measured angles, `(S, nj)` [rad]."""
    predicted: Array
    """Angles that the nominal and the calibrated simulator predict, `(2, S, nj)` [rad]."""

    @property
    def gain(self) -> Interval:
        """Error that calibration took away [rad]."""
        return bootstrap(self.nominal - self.calibrated)


def open_loop(
    spec: RobotSpec,
    held_out: Sequence[Trajectory],
    calibrated: Mapping[str, Array],
    window: float,
) -> OpenLoop:
    """Replay a held-out log in the nominal and in the calibrated simulator, restarted each window.

    `calibrated` has the calibrated values by name, each `(nj,)` or `(1,)`.
    """
    values = side_by_side([{}, calibrated], nominal_parameters(spec, calibrated))
    windows = [w for trajectory in held_out for w in trajectory.segments(window)]
    replay = Replay(spec, windows, 2, ReplayConfig(having=tuple(calibrated)))
    predicted = replay.predict(values)
    error = np.abs(predicted - replay.measured).mean(axis=2)
    count = np.bincount(replay.window)
    nominal, fitted = (np.bincount(replay.window, e) / count for e in error)
    starts = np.concatenate([[0.0], np.cumsum([w.time[-1] for w in windows])[:-1]])
    return OpenLoop(
        nominal=nominal,
        calibrated=fitted,
        time=replay.time + starts[replay.window],
        window=replay.window,
        measured=replay.measured,
        predicted=predicted,
    )
