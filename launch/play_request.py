"""`PlayRequest`: what `ashore play` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class PlayRequest:
    """A policy, the robot that plays it, and whether in a page or a clip."""

    policy: tyro.conf.Positional[str]
    """A pretrained policy's name, such as quadruped, or the folder of a bundle."""
    hidden: str = "none"
    """Seed or kind of the physics of the robot that plays, which its policy does not know: the
    twin's of that seed, or drawn from the ranges of training; `none` for the nominal robot."""
    seed: int = 0
    """Seed of plans, starts and pushes."""
    script: Path | None = None
    """Commands to walk at instead of the keyboard's; each line is: seconds, forward [m/s], leftward
    [m/s], turning [rad/s]."""
    out: Path | None = None
    """Clip to write instead of opening a page: .html, .webp, .gif or .mp4."""
    port: int = 0
    """Port of the page on this machine; 0 for the first free one from 8080 on."""
