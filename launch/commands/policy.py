"""Commands that make policies and show them."""

from pathlib import Path

import tyro

from ashore.launch.adapt_request import AdaptRequest
from ashore.launch.commands.flat import Flat
from ashore.launch.play_request import PlayRequest
from ashore.launch.request import TrainingRequest

Name = tyro.conf.Positional[str]


def train(asked: Flat[TrainingRequest]) -> int:
    """Pretrain a policy in randomized simulation and leave a bundle."""
    from ashore.launch.training import run_training

    return run_training(asked)


def adapt(asked: Flat[AdaptRequest]) -> int:
    """From a log to a better policy, or an honest refusal: diagnose, calibrate, tune, judge."""
    from ashore.launch.adapting import run_adaptation

    return run_adaptation(asked)


def undo(bundle: Name, /, out: Path, steps: int = 1) -> int:
    """Take back what adaptation did: the bundle as it was so many steps ago.

    Args:
        bundle: what `ashore adapt` wrote; it stays as it is.
        out: bundle to write.
        steps: how many adaptations to take back.
    """
    from ashore.launch.adapting import run_undo

    return run_undo(bundle, out, steps)


def export(bundle: Name, /, out: Path) -> int:
    """Write a bundle's policy as an ONNX file, normaliser and contract inside.

    Args:
        bundle: a folder, or the name of a bundle that ships.
        out: file to write.
    """
    from ashore.launch.exporting import run_export

    return run_export(bundle, out)


def play(asked: Flat[PlayRequest]) -> int:
    """Show a policy at work in a browser page, driven by the keyboard or a script, or in a clip."""
    from ashore.launch.playing import run_play

    return run_play(asked)
