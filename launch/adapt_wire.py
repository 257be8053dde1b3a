"""What a policy earns on a hidden twin, through its wire, by the twin's own truth."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.measured import measured_episodes
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Task, total
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log
from ashore.hardware.run.state import State
from ashore.launch.session import SessionConfig, run_session
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
    log: Path
    """Its log."""


def earn(
    bundle: Bundle, options: TwinOptions, seeds: Sequence[int], out: Path
) -> list[WireOutcome]:
    """Let a policy do one episode for each seed of commands, each on a twin that begins anew."""
    task = make_task(bundle.contract.task, bundle.spec)
    found = []
    for seed in seeds:
        truth, log = out / f"{seed}.csv", out / f"{seed}.mcap"
        out.mkdir(parents=True, exist_ok=True)
        with TwinProcess(replace(options, clock="lockstep", truth=truth)) as twin:
            config = SessionConfig(
                port=twin.port,
                imu_port=twin.imu_port,
                out=log,
                episodes=1,
                seed=seed,
                clock="lockstep",
                supervise=False,
            )
            # What a session says is progress here: figures alone go to the standard output.
            with redirect_stdout(sys.stderr):
                session = run_session(bundle, config, "record")
        fell = session.result.state is State.FAULT
        found.append(_judged(Log.open(log), truth, task, fell))
    return found


def _judged(log: Log, truth: Path, task: Task, fell: bool) -> WireOutcome:
    episodes = measured_episodes(log, task)
    steps = log.policy
    rows = episodes[0].rows
    action = np.clip(steps.action[rows], -1.0, 1.0).astype(np.float64)
    signals = {name: value[rows] for name, value in steps.signals.items()}
    known = {**signals, **true_motion(signals["joint_position"], truth, log)}
    previous = np.concatenate([np.zeros_like(action[:1]), action[:-2]])
    later = {name: value[1:] for name, value in known.items()}
    earned = total(task.reward(later, action[:-1], previous))
    whole = round(task.episode * log_rate(log)) - 1
    return WireOutcome(
        reward=float(earned.sum() / max(whole, len(earned))),
        measured=None if fell else episodes[0].reward,
        fell=fell,
        log=log.path,
    )


def log_rate(log: Log) -> float:
    """Control steps per second [Hz]."""
    return 1.0 / float(np.median(np.diff(log.policy.time)))


def true_motion(position: Array, truth: Path, log: Log) -> dict[str, Array]:
    """The twin's truth at the steps of a log, laid over it where the joints agree best."""
    moved = np.genfromtxt(truth, delimiter=",", names=True)
    names = moved.dtype.names or ()
    joints = np.stack([moved[name] for name in names[14:]], axis=1)
    count = len(position)
    error = [np.abs(joints[k : k + count] - position).mean() for k in range(len(joints) - count)]
    rows = slice(int(np.argmin(error)), int(np.argmin(error)) + count)
    w, x, y, z = (moved[name][rows] for name in ("qw", "qx", "qy", "qz"))
    down = -np.stack(
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)], axis=1
    )

    def columns(*wanted: str) -> Array:
        return np.stack([moved[name][rows] for name in wanted], axis=1)

    return {
        "true_velocity": columns("vx", "vy", "vz"),
        "true_gyro": columns("wx", "wy", "wz"),
        "true_gravity": down,
        "true_height": columns("z"),
    }
