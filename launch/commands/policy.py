"""Commands that make policies and show them."""

from pathlib import Path
from typing import Literal

import tyro

from ashore.launch.play_request import PlayRequest
from ashore.launch.request import TrainingRequest

Name = tyro.conf.Positional[str]


def train(asked: tyro.conf.OmitArgPrefixes[TrainingRequest]) -> int:
    """Pretrain a policy in randomized simulation and leave a bundle."""
    from ashore.launch.training import run_training

    return run_training(asked)


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
