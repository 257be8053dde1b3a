"""What `ashore sweep train` and `ashore sweep adapt` are asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class SweepPlace:
    """Where trials are run, and where they leave what they find."""

    out: Path
    """Folder for the trials, the table (sweep.json) and the page (index.html). If this is killed,
    the same command goes on there."""
    seeds: int = 3
    """Seeds of each setting: 0, 1, 2, ..."""
    cluster: str = "local"
    """The cluster of Ray that runs the trials (ashore[ray]); `local` for this machine."""
    workers: int = 2
    """Trials at the same time."""


@dataclass(frozen=True, kw_only=True)
class TrainSweepRequest(SweepPlace):
    """Trainings of one robot that differ in ranges, memory, algorithm and seed."""

    robot: tyro.conf.Positional[str]
    """As for `ashore train`."""
    task: str | None = None
    """What to learn; the robot's own by default."""
    ranges: tuple[Path, ...] = ()
    """Files of ranges to compare, written as a robot's randomization.toml."""
    widen: tuple[float, ...] = ()
    """The robot's own ranges at these shares of their width, such as 0 0.5 1 1.5; every policy is
    judged in all of the ranges that are compared."""
    memory: tuple[Literal["none", "history", "encoder"], ...] = ()
    """What the actor sees of the past; the recipe's by default."""
    algorithm: tuple[Literal["ppo", "sac", "tqc"], ...] = ()
    """How it learns; ppo by default."""
    steps: int | None = None
    """Control steps of each training; default: what the task needs."""


@dataclass(frozen=True, kw_only=True)
class AdaptSweepRequest(SweepPlace):
    """Adaptations to the same logs that differ in rung, steps and seed."""

    logs: tyro.conf.Positional[tuple[Path, ...]]
    """Logs that the policy recorded on the robot."""
    policy: str
    """The bundle to adapt: a folder, or the name of one that ships."""
    rungs: tuple[Literal["ladder", "head", "block", "low_rank", "all"], ...] = ("ladder",)
    """What is trained: the ladder, the head, the head and last block, a change of low rank, all."""
    steps: tuple[int, ...] = ()
    """Control steps of tuning; default: a tenth of those that pretraining took."""
