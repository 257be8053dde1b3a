"""Commands on logs."""

from pathlib import Path

import tyro

from ashore.launch.commands.flat import Flat
from ashore.launch.diagnosis_request import DiagnosisRequest
from ashore.launch.import_request import ImportRequest
from ashore.launch.log_export_request import LogExportRequest
from ashore.launch.open_request import OpenRequest
from ashore.launch.replay_request import ReplayRequest

Name = tyro.conf.Positional[str]


def import_logs(asked: Flat[ImportRequest]) -> int:
    """Turn logs of other formats into Ashore's, told apart by suffix and content.

    BAM's JSON, puppersim's archives, CSV and numpy archives with a map of their columns,
    legged_gym's dictionaries saved by numpy, ROS 2 bags, LeRobotDataset v3.0, and whatever
    `ashore log export` wrote as CSV, npz or Parquet.
    """
    from ashore.launch.importing import run_import

    return run_import(asked)


def log_export(asked: Flat[LogExportRequest]) -> int:
    """Write a log for other tools: CSV, numpy, Parquet, a LeRobotDataset or a Rerun recording.

    `ashore import` reads the first three back, bit for bit.
    """
    from ashore.launch.log_exporting import run_log_export

    return run_log_export(asked)


def calibrate(
    robot: Name,
    logs: tyro.conf.Positional[tuple[Path, ...]],
    /,
    out: Path | None = None,
) -> int:
    """Fit a robot's simulator to logs and say what they tell and what they don't.

    Args:
        robot: a shipped robot's name, or a folder with its spec.
        logs: Ashore logs of that robot.
        out: where to write the posterior as JSON.
    """
    from ashore.launch.calibrating import run_calibration

    return run_calibration(robot, logs, out)


def replay(asked: Flat[ReplayRequest]) -> int:
    """Drive a log through the simulator, signal by signal, and write a page of what came out.

    The simulator is put where the robot was at every sample, every 0.1, 0.25, 0.5 and 1 s, and only
    once, and is given the log's goals; with --calibrated, a second one beside it. With the policy
    that recorded the log, what it said is computed again and must come out the same: exit 1 if not.
    """
    from ashore.launch.replaying import run_replay

    return run_replay(asked)


def open_logs(asked: Flat[OpenRequest]) -> int:
    """Show logs in a browser: the robot in 3-D with a ghost of the simulated one, signals, events.

    Times are since each log's beginning, so that several lie over one another. Signals of long logs
    are shown by some of their rows at once, and by the least and the greatest of all when these are
    read.
    """
    from ashore.launch.opening import run_open

    return run_open(asked)


def recover(log: tyro.conf.Positional[Path], /, out: Path) -> int:
    """Make a whole log of a damaged one; say what is kept, what is lost, and where.

    Args:
        log: a log whose recorder was killed, or whose file was cut or damaged.
        out: log to write; must not exist.
    """
    from ashore.launch.recovering import run_recovery

    return run_recovery(log, out)


def diagnose(asked: Flat[DiagnosisRequest]) -> int:
    """Say whether logs are usable, and which input shifts they show; 0 if all are usable, else 1.

    Input shifts, such as swapped or inverted joints, are mended in the robot's spec: each comes
    with the edit.
    """
    from ashore.launch.diagnosing import run_diagnosis

    return run_diagnosis(asked)
