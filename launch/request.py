"""`TrainingRequest`: what `ashore train` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """A robot, what it shall learn, and for how long."""

    robot: tyro.conf.Positional[str]
    """A shipped robot's name, a folder with spec.toml and its MJCF, or the id of one of Gymnasium's
    MuJoCo environments, such as Hopper-v5 or mymodule:Mine-v0."""
    task: str | None = None
    """What to learn: track, swing_up, walk or reach; the robot's own by default."""
    ranges: Path | None = None
    """File of what varies from robot to robot, written as a robot's randomization.toml; the robot's
    own by default, and nothing for an environment of Gymnasium's."""
    out: Path | None = None
    """Folder of the run; the bundle is its sub-folder `bundle`. Default: runs/ROBOT-TASK."""
    steps: int | None = None
    """Control steps over all robots; default: what the task needs."""
    seed: int = 0
    """Seed of everything."""
    algorithm: Literal["ppo", "sac", "tqc"] = "ppo"
    """Proximal policy optimization; or soft actor-critic, or truncated quantile critics, which need
    fewer control steps and more time for each."""
    memory: Literal["none", "history", "encoder"] | None = None
    """What the actor sees of the past beyond the task's contract: nothing, some ticks as they were,
    or what an encoder reads out of them; the recipe's by default."""
    curriculum: bool = False
    """Begin with narrow ranges, and widen each while episodes at its ends succeed; the bundle holds
    the ranges reached."""
    resume: bool = False
    """Go on where a killed training of the same kind stopped."""
    backend: Literal["mujoco", "warp", "warp_cpu"] = "mujoco"
    """What steps the physics: MuJoCo on the processor; MuJoCo Warp on a CUDA device
    (ashore[warp]), or, slowly, without one, to see that it does the same."""
    cluster: str | None = None
    """Address of a cluster of Ray, such as 10.0.0.1:6379, whose workers simulate the robots;
    `local` for workers on this machine. The policy is the same as without."""
    workers: int = 2
    """Workers of the cluster, a processor each."""
