"""`ExciteConfig`: what `ashore excite` is asked for."""

from dataclasses import dataclass
from pathlib import Path

from ashore.launch.place_request import Place


@dataclass(frozen=True, kw_only=True)
class ExciteConfig(Place):
    """Where a robot is, how it is moved, and for how long."""

    out: Path | None = None
    """Log to write; default: runs/ROBOT-excite-TIME.mcap."""
    seconds: float = 64.0
    """Longest time of excitation [s]; it ends before once another round tells little."""
    reach: float = 0.5
    """How far each joint goes, as a share of the way to its limits; less where it would touch
    something in the robot's model."""
    held: bool = False
    """The robot hangs in a stand, its feet off the floor and its legs free to swing."""
    walk: str | None = None
    """Walk a script instead, under this policy: a bundle's folder, or one's name that ships."""
