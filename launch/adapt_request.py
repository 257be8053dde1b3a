"""`AdaptRequest`: what `ashore adapt` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class AdaptRequest:
    """Logs, the policy that recorded them, and how to go about it."""

    logs: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Logs that the policy recorded on the robot."""
    policy: str
    """The bundle to adapt: a folder, or the name of one that ships."""
    out: Path
    """Bundle to write, with its verdict and report.html inside. If this is killed, the same command
    goes on from OUT.tuning."""
    seed: int = 0
    """Seed of tuning."""
    strategy: Literal["simulator", "log_only"] = "simulator"
    """Train the final layers in simulators fitted to the log; or, of a policy with an encoder, let
    the encoder's final layers learn to predict the log, with no simulator in the loop."""
    rung: Literal["ladder", "head", "block", "low_rank", "all"] = "ladder"
    """Train the head, the head and last block, a change of low rank in every layer, or all;
    `ladder` climbs while it pays."""
    steps: int | None = None
    """Control steps of tuning; default: a tenth of those that pretraining took."""
    slice: tuple[str, ...] = ()
    """Kinds of episode that must not lose, such as forward or turning; a wrong one is told which
    there are."""
    watch: bool = True
    """Leave a drift watch with a candidate that has improved, for deploy to say when the robot
    has left what it was validated for."""
    fleet: Path | None = None
    """Instead of logs, a folder of many robots': a sub-folder with logs, or a log, for each. Every
    robot gets a bundle in OUT, and OUT/index.html says which are alike."""
    cluster: str = "local"
    """Of a fleet: the cluster of Ray that adapts it (ashore[ray]); `local` for this machine."""
    workers: int = 2
    """Of a fleet: robots that are adapted at the same time."""
