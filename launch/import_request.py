"""`ImportRequest`: what `ashore import` is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What `ashore import` is asked for."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """Files or folders to read; of a folder that is no log itself, its *.json, *.npz, *.csv."""
    out: Path
    """Folder to write the MCAP logs to."""
    held: bool = False
    """The legged robot of puppersim's archives hung in a stand, its feet off the floor."""
    columns: str | None = None
    """Which column of CSV files and archives is what: a TOML file, or the name of a shipped map,
    such as legged_gym."""
    robot: str | None = None
    """The robot's name or folder: names the joints of a LeRobotDataset and gives their limits,
    and names the robot of a ROS bag."""
    unit: Literal["rad", "deg", "percent"] | None = None
    """What the numbers of a LeRobotDataset are; percent is -100..100 between the limits of
    --robot."""
    command_topic: str = ""
    """The topic of a ROS bag that commands the joints."""
