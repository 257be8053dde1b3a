"""`Gap`: how far simulators come from a log, by signal, joint and time since their restart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.replay_job import Job, JobConfig, Series
from ashore.adapt.gap.simulator import Simulator
from ashore.adapt.gap.tally import Tally
from ashore.adapt.gap.way import HALF, OPEN, SECOND, WAYS, Way
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
    job: JobConfig = field(default_factory=JobConfig)
    """How windows are simulated."""


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
    settings = config or GapConfig()
    job, usable = Job.of(spec, log, simulators, settings.job)
    trajectory = job.trajectory
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


def beside(
    spec: RobotSpec,
    log: Log,
    simulators: Sequence[Simulator],
    way: Way = HALF,
    config: JobConfig | None = None,
) -> Series | None:
    """What each simulator predicts of a whole log, restarted one way; None if nothing is to replay.

    Args:
        spec: the robot, as the log was read.
        log: the log, short enough to be in memory.
        simulators: the robots.
        way: how long before each restart.
        config: how a window is simulated.

    Raises:
        AdaptError: the log is of other joints.
    """
    job, usable = Job.of(spec, log, simulators, config or JobConfig())
    windows = way.windows(job.trajectory, usable)
    parts = [seen.series() for _, seen in job.replayed(windows)] if windows else []
    if not parts:
        return None
    return Series(
        time=np.concatenate([part.time for part in parts]),
        restart=np.concatenate([part.restart for part in parts]),
        measured={
            name: np.concatenate([part.measured[name] for part in parts])
            for name in parts[0].measured
        },
        predicted={
            name: np.concatenate([part.predicted[name] for part in parts], axis=1)
            for name in parts[0].predicted
        },
    )
