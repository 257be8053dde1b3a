"""The commands of `ashore`, one function each; heavy imports wait until a command needs them."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import tyro

from ashore.launch.console import say
from ashore.launch.play_request import PlayRequest
from ashore.launch.request import TrainingRequest
from ashore.launch.session import ClockName, SessionConfig, conclude, run_session
from ashore.policies.shipped import find_bundle

Name = tyro.conf.Positional[str]
Options = tyro.conf.OmitArgPrefixes[SessionConfig]


def train(asked: tyro.conf.OmitArgPrefixes[TrainingRequest]) -> int:
    """Pretrain a policy in randomized simulation and leave a bundle."""
    from ashore.launch.training import run_training

    return run_training(asked)


def twin(
    robot: Name,
    /,
    hidden: str = "0",
    clock: ClockName = "real",
    link: Path | None = None,
) -> int:
    """Be a robot that isn't there: servo firmware on a tty, moved by hidden physics.

    Prints the tty it answers on, and serves until Ctrl-C.

    Args:
        robot: a shipped robot's name, or a folder with its spec.
        hidden: seed of the physics it keeps to itself; `none` for the nominal robot.
        clock: `lockstep` lets time pass only when the host reads the joints.
        link: where to put a symbolic link to the tty.
    """
    from ashore.envs.twin.twin_process import TwinOptions, serve_twin

    serve_twin(TwinOptions(robot=robot, hidden=hidden, clock=clock, link=link), say)
    return 0


def record(policy: str, session: Options) -> int:
    """Drive a robot with a bundle's policy and log everything.

    Args:
        policy: the bundle whose policy drives it: a folder, or the name of one that ships.
        session: where and for how long.
    """
    from ashore.policies.bundle import Bundle

    return conclude(run_session(Bundle.load(find_bundle(policy)), session, "record"))


def adapt(
    logs: tyro.conf.Positional[tuple[Path, ...]],
    /,
    policy: str,
    out: Path,
    seed: int = 0,
    rung: Literal["ladder", "head", "block", "all"] = "ladder",
    steps: int = 250_000,
) -> int:
    """From a log to a better policy, or an honest refusal: diagnose, calibrate, tune, judge.

    Args:
        logs: logs that `policy` recorded on the robot.
        policy: the bundle to adapt: a folder, or the name of one that ships.
        out: bundle to write, with its verdict and report.html inside.
        seed: seed of tuning.
        rung: train the head, the head and last block, or all; `ladder` climbs while it pays.
        steps: control steps of tuning for each rung.
    """
    from ashore.launch.adapting import run_adaptation

    rungs = ("head", "block", "all") if rung == "ladder" else (rung,)
    return run_adaptation(logs, policy, out, seed, rungs, steps)


def deploy(bundle: Name, /, session: Options) -> int:
    """Run a policy that the gate has passed; refuse every other.

    Args:
        bundle: what `ashore adapt` wrote.
        session: where and for how long.
    """
    from ashore.adapt.verdict import require_deployable
    from ashore.policies.bundle import Bundle

    loaded = Bundle.load(find_bundle(bundle))
    loaded.require_robot()
    require_deployable(loaded, bundle)
    return conclude(run_session(loaded, session, "deploy"))


def export(bundle: Name, /, out: Path) -> int:
    """Write a bundle's policy as an ONNX file, normaliser and contract inside.

    Args:
        bundle: a folder, or the name of a bundle that ships.
        out: file to write.
    """
    from ashore.launch.exporting import run_export

    return run_export(bundle, out)


def play(asked: tyro.conf.OmitArgPrefixes[PlayRequest]) -> int:
    """Show a policy at work in a browser page, driven by the keyboard or a script, or in a clip."""
    from ashore.launch.playing import run_play

    return run_play(asked)


def import_logs(
    files: tyro.conf.Positional[tuple[Path, ...]], /, out: Path, held: bool = False
) -> int:
    """Turn logs of other formats into Ashore's: BAM's JSON, puppersim's archives.

    Args:
        files: files to read, or folders whose *.json and *.npz are read.
        out: folder to write the MCAP logs to.
        held: the legged robot of the archives hung in a stand, its feet off the floor.
    """
    from ashore.launch.importing import run_import

    return run_import(files, out, held)


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


def bench(
    name: Name,
    /,
    json: bool = False,
    short: bool = False,
    data: Path = Path("../shared/data"),
) -> int:
    """Measure, beside a peer in the same run.

    Args:
        name: which benchmark: calibrate, or all.
        json: print a list of figures instead of a table.
        short: under a minute.
        data: folder of the real sensor logs.
    """
    from ashore.launch.benching import run_bench

    return run_bench(name, json, short, data)


def demo(
    robot: Name,
    /,
    hidden: str = "1",
    out: Path = Path("runs/demo"),
    short: bool = False,
) -> int:
    """The whole loop on a twin: train, record, adapt, deploy, with a report.

    Args:
        robot: a shipped robot's name.
        hidden: seed of the twin's hidden physics; `none` for a twin equal to the nominal robot.
        out: folder for everything the demo makes; an older demo there is replaced.
        short: train and tune for less.
    """
    from ashore.launch.demonstrating import run_demo

    return run_demo(robot, hidden, out, short)


def robot_new(name: Name, /, from_file: Path, out: Path, fixed: bool = False) -> int:
    """Make a robot's folder from an MJCF or URDF: spec, model, randomization, guesses marked.

    Args:
        name: what to call the robot.
        from_file: its MJCF or URDF; meshes may be absent.
        out: folder to make.
        fixed: the base is bolted to the world, although the file does not say so.
    """
    from ashore.launch.robots import draft_robot

    return draft_robot(name, from_file, out, fixed)


def robot_check(robot: Name, /) -> int:
    """Say what a robot's folder lacks, what looks wrong in it, and what to do next.

    Args:
        robot: a folder with spec.toml and its MJCF, or a shipped robot's name.
    """
    from ashore.launch.robots import inspect_robot

    return inspect_robot(robot)


def randomization_audit(robot: Name, /, task: str | None = None, json: bool = False) -> int:
    """Prove, by stepping the simulator, that every term of a robot's randomization does something.

    Fails if a term does nothing, compounds from one reset to the next, or is half applied.

    Args:
        robot: a shipped robot's name, or a folder with spec.toml and randomization.toml.
        task: whose base motion the robots do meanwhile; the robot's own by default.
        json: print JSON.
    """
    from ashore.launch.auditing import run_audit

    return run_audit(robot, task, json)


COMMANDS: dict[str, Callable[..., int]] = {
    "train": train,
    "twin": twin,
    "record": record,
    "adapt": adapt,
    "deploy": deploy,
    "export": export,
    "play": play,
    "import": import_logs,
    "calibrate": calibrate,
    "bench": bench,
    "demo": demo,
    "robot new": robot_new,
    "robot check": robot_check,
    "randomization audit": randomization_audit,
}
"""Every command, by the name it is called by; one of two words is a command in a group."""
