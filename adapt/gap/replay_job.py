"""`Job`: windows of one log, replayed in several simulators, no more at once than memory allows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.diagnose.record import Record
from ashore.adapt.gap.moving_base import moving_base
from ashore.adapt.gap.simulator import Simulator
from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.side_by_side import side_by_side
from ashore.adapt.trajectory import Trajectory, Window
from ashore.envs.physics.standing import held
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """How windows are simulated."""

    work: int = 400_000
    """Simulated robots times physics steps at once, which bounds the memory."""
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    """How a window is simulated."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """A stretch of a log beside what simulators predict of it; `S` samples."""

    time: Array
    """Since the log's first reading, `(S,)` [s]."""
    restart: NDArray[np.bool_]
    """Samples at which the simulators were put right, `(S,)`."""
    measured: Mapping[str, Array]
    """By signal, `(S, k)`."""
    predicted: Mapping[str, Array]
    """By signal, `(P, S, k)`."""


def measured_signals(log: Log, record: Record) -> dict[str, Array]:
    """What the sensors said at each reading, by the simulation's names; NaN where they didn't."""
    readings = log.readings
    stale = ~record.fresh
    found = {"joint_position": record.position, "joint_velocity": record.velocity}
    found["joint_current"] = record.current
    found = {name: np.where(stale, np.nan, value) for name, value in found.items()}
    old = (readings.inertial_age > 0.0)[:, None]
    if record.spec.imu is not None:
        found["imu_gyro"] = np.where(old, np.nan, readings.gyro)
        found["imu_gravity"] = np.where(old, np.nan, readings.gravity)
    return {name: value for name, value in found.items() if np.isfinite(value).any()}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of some windows; `S` samples."""

    time: Array
    """Since the log's first reading, `(S,)` [s]."""
    since: Array
    """Since the restart, `(S,)` [s]."""
    counted: NDArray[np.bool_]
    """Samples that are predictions, and no restarts, `(S,)`."""
    measured: Mapping[str, Array]
    """By signal, `(S, k)`."""
    predicted: Mapping[str, Array]
    """By signal, `(P, S, k)`."""

    def beginning(self, seconds: float) -> Series:
        """The first seconds, up to the first gap."""
        steps = np.diff(self.time)
        gaps = np.flatnonzero((steps > 10.0 * np.median(steps[steps > 0.0])) | (steps < 0.0))
        until = self.time[gaps[0]] if len(gaps) else np.inf
        rows = self.time <= min(until, self.time[0] + seconds)
        rows &= np.cumsum(~rows) == 0
        whole = self.series()
        return Series(
            time=whole.time[rows],
            restart=whole.restart[rows],
            measured={name: value[rows] for name, value in whole.measured.items()},
            predicted={name: value[:, rows] for name, value in whole.predicted.items()},
        )

    def series(self) -> Series:
        """All of it."""
        return Series(
            time=self.time,
            restart=~self.counted,
            measured=self.measured,
            predicted=self.predicted,
        )


class Job:
    """Windows of one log in all simulators, no more at once than memory allows."""

    def __init__(
        self,
        spec: RobotSpec,
        trajectory: Trajectory,
        measured: Mapping[str, Array],
        simulators: Sequence[Simulator],
        config: JobConfig,
    ) -> None:
        self._spec = held(spec) if trajectory.held else spec
        self.trajectory, self._measured, self._config = trajectory, measured, config
        names = tuple(dict.fromkeys(name for each in simulators for name in each.values))
        known = nominal_parameters(spec, names)
        self._values = side_by_side([each.values for each in simulators], known)
        self._replay = replace(config.replay, having=names)
        self._count = len(simulators)

    @classmethod
    def of(
        cls, spec: RobotSpec, log: Log, simulators: Sequence[Simulator], config: JobConfig
    ) -> "tuple[Job, NDArray[np.bool_]]":
        """The job of a log, and which of its readings to replay."""
        record = Record.of(log, spec)
        trajectory = replace(Trajectory.from_log(log, spec), base=moving_base(log, spec))
        measured = measured_signals(log, record)
        usable = np.asarray(record.working & record.powered.all(axis=1))
        return cls(spec, trajectory, measured, simulators, config), usable

    def replayed(self, windows: Sequence[Window]) -> Iterator[tuple[float, Seen]]:
        """Simulate windows some at a time; yields the share that is done, and what was seen."""
        longest = max(float(window.time[-1]) for window in windows)
        steps = longest / self._config.replay.timestep + 1.0
        many = max(1, int(self._config.work / (steps * self._count)))
        for begin in range(0, len(windows), many):
            some = windows[begin : begin + many]
            yield min(1.0, (begin + len(some)) / len(windows)), self._seen(some)

    def _seen(self, windows: Sequence[Window]) -> Seen:
        replay = Replay(self._spec, windows, self._count, self._replay)
        rows = np.concatenate([np.arange(window.begin, window.end) for window in windows])
        predicted = replay.senses(self._values)
        return Seen(
            time=self.trajectory.time[rows],
            since=replay.time,
            counted=replay.time > 0.0,
            measured={name: value[rows] for name, value in self._measured.items()},
            predicted={name: predicted[name] for name in self._measured},
        )
