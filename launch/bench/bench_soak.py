"""The benchmark of endurance: the shipped quadruped on twelve servos and an IMU, in real time."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log
from ashore.launch.bench.figure import Row, row
from ashore.launch.bench.memory import resident
from ashore.launch.place_request import SessionConfig
from ashore.launch.session import Session, run_session
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

ROBOT = "quadruped"
RATE = 50.0
"""Control steps a second."""
LONG, SHORT = 30, 2
"""Episodes: ten minutes, or forty seconds."""
MEANINGS = {
    "soak_control_steps": "steps at 50 Hz, each with twelve servos and an inertial sensor read",
    "soak_deadlines_missed": "steps that were skipped because it was too late for them",
    "soak_unreported_misses": "steps without a reading that nobody said were skipped; 0 is right",
    "soak_samples_missed": "readings of a joint that did not come in their tick, coasted over",
    "soak_falls": "samples of the twin's true motion with the trunk tilted by over 60 degrees",
    "soak_velocity_error": "mean distance of the true velocity in the plane from the command",
    "soak_growth": "resident memory at the end, beyond what it was after a tenth of the run",
}
"""What the figures mean, by the beginning of their names."""

_TILTED = 0.5  # cosine of the tilt


def run(_: Path, short: bool) -> list[Row]:
    """Walk for ten minutes, or for forty seconds, and say what came of it."""
    return soak(SHORT if short else LONG)


def soak(episodes: int) -> list[Row]:
    """Walk for some episodes on a paced twin in real time, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.csv"
        options = TwinOptions(robot=ROBOT, latency_timer=0.001, truth=truth)
        with TwinProcess(options) as twin, _watched(twin.pid) as sizes:
            config = SessionConfig(
                port=twin.port,
                imu_port=twin.imu_port,
                out=Path(folder) / "soak.mcap",
                episodes=episodes,
            )
            # What a session says is progress here: figures alone go to the standard output.
            with redirect_stdout(sys.stderr):
                session = run_session(Bundle.load(find_bundle(ROBOT)), config, "record")
        log = Log.open(session.log)
        moved = np.genfromtxt(truth, delimiter=",", names=True)
    return [*_wire_rows(session, log), *_walk_rows(log, moved), *_memory_rows(sizes)]


def _wire_rows(session: Session, log: Log) -> list[Row]:
    result = session.result
    time = log.readings.time
    skipped = round(float(time[-1] - time[0]) * RATE) - (len(time) - 1)
    stale = int(np.count_nonzero(log.readings.age > 0.0))
    return [
        row("soak_control_steps", result.ticks, result.reason),
        row("soak_deadlines_missed", result.late, "steps"),
        row("soak_unreported_misses", max(0, skipped - result.late), "steps"),
        row("soak_samples_missed", stale, f"of {log.readings.age.size}"),
    ]


def _walk_rows(log: Log, moved: NDArray[np.void]) -> list[Row]:
    """How the robot truly walked; its clock is laid over the log's where they agree best."""
    upright = 1.0 - 2.0 * (moved["qx"] ** 2 + moved["qy"] ** 2)
    command, time = log.policy.signals["command"][:, :2], log.policy.time - log.policy.time[0]
    errors = [np.inf]
    for begin in np.arange(0.0, moved["time"][-1] - time[-1], 1.0 / RATE):
        found = [np.interp(time + begin, moved["time"], moved[name]) for name in ("vx", "vy")]
        errors.append(float(np.linalg.norm(np.stack(found, axis=1) - command, axis=1).mean()))
    error = min(errors)
    return [
        row("soak_falls", int(np.count_nonzero(upright < _TILTED)), "samples"),
        row("soak_velocity_error", error if np.isfinite(error) else None, "m/s"),
    ]


@contextmanager
def _watched(twin: int) -> Iterator[dict[str, list[float]]]:
    """Sizes of this process and of the twin's, once a second for as long as the body runs [MiB]."""
    sizes: dict[str, list[float]] = {"host": [], "twin": []}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            for name, process in (("host", "self"), ("twin", str(twin))):
                sizes[name].append(resident(process))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield sizes
    finally:
        over.set()
        thread.join()


def _memory_rows(sizes: dict[str, list[float]]) -> list[Row]:
    rows = []
    for name, seen in sizes.items():
        early, late = seen[len(seen) // 10 : len(seen) // 10 + 5], seen[-8:-3]
        grown = float(np.median(late) - np.median(early)) if early and late else None
        rows.append(row(f"soak_growth_{name}", grown, "MiB"))
    return rows
