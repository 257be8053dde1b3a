"""`OpenRequest`: what `ashore open` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """What `ashore open` is asked for."""

    logs: tyro.conf.Positional[tuple[Path, ...]]
    """Ashore logs; further ones are laid over the first, each from its beginning."""
    calibrated: str | None = None
    """A simulated robot beside the nominal one: a bundle that `ashore adapt` made, or what
    `ashore calibrate --out` wrote."""
    robot: str | None = None
    """The robot's name or folder, if not the specs inside the logs are to be believed."""
    scene: bool = True
    """Show the robot in 3-D."""
    browser: bool = True
    """Open a browser on the page."""
    port: int = 0
    """Port of the page on this machine; 0 for a free one."""
