"""`Gap`: how far simulators come from a log, by signal, joint and time since their restart."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.diagnose.record import Record
from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.moving_base import moving_base
from ashore.adapt.gap.simulator import Simulator
from ashore.adapt.gap.tally import Tally
from ashore.adapt.gap.way import HALF, OPEN, SECOND, WAYS, Way
from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.side_by_side import side_by_side
from ashore.adapt.trajectory import Trajectory, Window
from ashore.envs.physics.standing import held
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

BINS = 25
"""Parts of the longest horizon that errors are told of."""
SHOWN = 6.0
"""How much of a log is kept to be drawn [s]."""


@dataclass(frozen=True, kw_only=True)
class GapConfig:
    """How a log is replayed."""

    ways: tuple[Way, ...] = WAYS
    """How long before each restart."""
    profile: Way = SECOND
    """The way whose errors are told by the time since the restart."""
    drawn: Way = HALF
    """The way that is kept to be drawn."""
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


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far `P` simulators come from a log."""

    simulators: tuple[str, ...]
    """Their names."""
    errors: Mapping[str, Mapping[str, Array]]
    """Root mean squared error by way and signal, `(P, k)`, in the signal's unit."""
    horizon: Array
    """Time since the restart, `(B,)` [s]."""
    profile: Mapping[str, Array]
    """Root mean squared error by signal and horizon, `(P, B, k)`; NaN where nothing was seen."""
    drawn: Series
    """A stretch with restarts."""
    whole: Series
    """A stretch without any."""
    seconds: float
    """How much of the log was replayed [s]."""


def gap(
    spec: RobotSpec,
    log: Log,
    simulators: Sequence[Simulator],
    config: GapConfig | None = None,
    stage: Callable[[str, float], None] = lambda text, done: None,
) -> Gap:
    """Replay a log in each simulator, each way.

    Where a robot stood still and moved is taken from its own sensors, so that a replay begins with
    their errors; what a free base did, its inertial sensor and its legs say.

    Args:
        spec: the robot, as the log was read.
        log: the log.
        simulators: the robots that it is compared with.
        config: how.
        stage: told what is replayed, and the share of it that is done.

    Raises:
        AdaptError: the log is of other joints, or holds nothing to replay.
    """
    settings, record = config or GapConfig(), Record.of(log, spec)
    trajectory = replace(Trajectory.from_log(log, spec), base=moving_base(log, spec))
    usable = record.working & record.powered.all(axis=1)
    job = _Job(spec, trajectory, measured_signals(log, record), simulators, settings)
    tallies, series = dict[str, Tally](), dict[str, Series]()
    for way in settings.ways:
        windows = way.windows(trajectory, usable)
        if not windows:
            raise AdaptError(
                f"{log.path} holds no stretch of a robot at work, under torque and answering; "
                "replay a log that has one"
            )
        bins = BINS if way == settings.profile else 1
        tallies[way.name] = tally = Tally(len(simulators), bins, way.seconds)
        for share, seen in job.replayed(windows):
            stage(f"replaying {way.name}", share)
            tally.add(seen.since, seen.counted, seen.measured, seen.predicted)
            if way in (settings.drawn, OPEN) and way.name not in series:
                series[way.name] = seen.beginning(SHOWN if way == settings.drawn else np.inf)
    profile = tallies[settings.profile.name]
    return Gap(
        simulators=tuple(each.name for each in simulators),
        errors={name: tally.rmse for name, tally in tallies.items()},
        horizon=profile.horizon,
        profile=profile.by_horizon,
        drawn=series[settings.drawn.name],
        whole=series[OPEN.name],
        seconds=float(np.count_nonzero(usable) * trajectory.period),
    )


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
class _Seen:
    """What came of some windows."""

    time: Array
    since: Array
    counted: NDArray[np.bool_]
    measured: Mapping[str, Array]
    predicted: Mapping[str, Array]

    def beginning(self, seconds: float) -> Series:
        """The first seconds, up to the first gap."""
        steps = np.diff(self.time)
        gaps = np.flatnonzero((steps > 10.0 * np.median(steps[steps > 0.0])) | (steps < 0.0))
        until = self.time[gaps[0]] if len(gaps) else np.inf
        rows = self.time <= min(until, self.time[0] + seconds)
        rows &= np.cumsum(~rows) == 0
        return Series(
            time=self.time[rows],
            restart=~self.counted[rows],
            measured={name: value[rows] for name, value in self.measured.items()},
            predicted={name: value[:, rows] for name, value in self.predicted.items()},
        )


class _Job:
    """Windows of one log in all simulators, no more at once than memory allows."""

    def __init__(
        self,
        spec: RobotSpec,
        trajectory: Trajectory,
        measured: Mapping[str, Array],
        simulators: Sequence[Simulator],
        config: GapConfig,
    ) -> None:
        self._spec = held(spec) if trajectory.held else spec
        self._trajectory, self._measured, self._config = trajectory, measured, config
        names = tuple(dict.fromkeys(name for each in simulators for name in each.values))
        known = nominal_parameters(spec, names)
        self._values = side_by_side([each.values for each in simulators], known)
        self._replay = replace(config.replay, having=names)
        self._count = len(simulators)

    def replayed(self, windows: Sequence[Window]) -> Iterator[tuple[float, _Seen]]:
        """Simulate windows some at a time; yields the share that is done, and what was seen."""
        longest = max(float(window.time[-1]) for window in windows)
        steps = longest / self._config.replay.timestep + 1.0
        many = max(1, int(self._config.work / (steps * self._count)))
        for begin in range(0, len(windows), many):
            some = windows[begin : begin + many]
            yield min(1.0, (begin + len(some)) / len(windows)), self._seen(some)

    def _seen(self, windows: Sequence[Window]) -> _Seen:
        replay = Replay(self._spec, windows, self._count, self._replay)
        rows = np.concatenate([np.arange(window.begin, window.end) for window in windows])
        predicted = replay.senses(self._values)
        return _Seen(
            time=self._trajectory.time[rows],
            since=replay.time,
            counted=replay.time > 0.0,
            measured={name: value[rows] for name, value in self._measured.items()},
            predicted={name: predicted[name] for name in self._measured},
        )
