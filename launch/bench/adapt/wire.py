"""What a policy earns on a hidden twin, through its wire, by the twin's own truth."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import earned, measured_episodes
from ashore.envs.physics.rotation import inverse, rotate
from ashore.envs.tasks import make_task
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.envs.twin.witness import BASE
from ashore.hardware.logs.log import Log
from ashore.hardware.run.run_result import FINISHED
from ashore.hardware.run.state import State
from ashore.launch.bench.adapt.cases import physics_of
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.place_request import SessionConfig
from ashore.launch.session import Session, run_session
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class WireOutcome:
    """One episode through the wire."""

    reward: float
    """Mean reward per step by the twin's truth; nothing is earned after a fall."""
    measured: float | None
    """The same as the robot's own sensors tell it; None of an episode too short to tell."""
    fell: bool
    """Whether it ended before its time."""


def record(bundle: Bundle, options: TwinOptions, seed: int, episodes: int, log: Path) -> Session:
    """Let a policy do episodes on a twin that begins anew, in lockstep, and log them anew.

    Of one seed, the commands are the same.

    Raises:
        AdaptError: an episode was cut short by something else than a fault of the robot, such as
            the signal that was to end the benchmark.
    """
    log.unlink(missing_ok=True)
    with TwinProcess(replace(options, clock="lockstep")) as twin:
        config = SessionConfig(
            port=twin.port,
            imu_port=twin.imu_port,
            out=log,
            episodes=episodes,
            seed=seed,
            clock="lockstep",
            supervise=False,
        )
        # What a session says is progress here: figures alone go to the standard output.
        with redirect_stdout(sys.stderr):
            session = run_session(bundle, config, "record")
    result = session.result
    if result.port_lost or (result.state is not State.FAULT and result.reason != FINISHED):
        raise AdaptError(
            f"an episode on the twin {options.hidden!r} was cut short ({result.reason}) and counts "
            "for nothing; give the same command again, it goes on there"
        )
    return session


def recorded(bundle: Bundle, options: TwinOptions, seed: int, episodes: int, path: Path) -> Log:
    """The log of such a session; made once, and kept."""

    def made() -> bool:
        record(bundle, options, seed, episodes, path)
        return True

    asked = [bundle.digest, seed, episodes, physics_of(options)]
    kept(path.with_suffix(".json"), asked, made)
    return Log.open(path)


def earn(bundle: Bundle, options: TwinOptions, seed: int, out: Path) -> WireOutcome:
    """Let a policy do one episode, under the commands of a seed, on a twin that begins anew."""
    out.mkdir(parents=True, exist_ok=True)
    log, truth = out / f"{seed}.mcap", out / f"{seed}.csv"
    session = record(bundle, replace(options, truth=truth), seed, 1, log)
    fell = session.result.state is State.FAULT
    return _judged(Log.open(log), truth, bundle, fell)


def _judged(log: Log, truth: Path, bundle: Bundle, fell: bool) -> WireOutcome:
    task = make_task(bundle.contract.task, bundle.spec)
    episode = measured_episodes(log, task)[0]
    signals = {name: value[episode.rows] for name, value in log.policy.signals.items()}
    known = {**signals, **true_motion(signals["joint_position"], truth)}
    reward = earned(task, known, log.policy.action[episode.rows])
    whole = round(task.episode * bundle.spec.rate) - 1
    return WireOutcome(
        reward=float(reward.sum() / max(whole, len(reward))),
        measured=None if fell else episode.reward,
        fell=fell,
    )


def true_motion(position: Array, truth: Path) -> dict[str, Array]:
    """The twin's truth at the steps of a log, laid over it where the joints agree best."""
    moved = np.genfromtxt(truth, delimiter=",", names=True)
    joints = _columns(moved, (moved.dtype.names or ())[1 + len(BASE) :])
    count = len(position)
    error = [np.abs(joints[k : k + count] - position).mean() for k in range(len(joints) - count)]
    here = moved[int(np.argmin(error)) :][:count]
    turn = inverse(_columns(here, ("qw", "qx", "qy", "qz")))
    return {
        "true_velocity": _columns(here, ("vx", "vy", "vz")),
        "true_gyro": _columns(here, ("wx", "wy", "wz")),
        "true_gravity": rotate(turn, np.tile([0.0, 0.0, -1.0], (count, 1))),
        "true_height": _columns(here, ("z",)),
    }


def _columns(table: NDArray[np.void], names: Sequence[str]) -> Array:
    return np.stack([table[name] for name in names], axis=1)
