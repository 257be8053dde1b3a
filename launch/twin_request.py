"""`TwinRequest`: what `ashore twin` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from ashore.launch.place_request import ClockName


@dataclass(frozen=True, kw_only=True)
class TwinRequest:
    """Which robot isn't there, and how it answers."""

    robot: tyro.conf.Positional[str]
    """A shipped robot's name, or a folder with its spec."""
    hidden: str = "0"
    """Seed of the physics it keeps to itself; `none` for the nominal robot; a kind that its folder
    describes in hidden/, such as the quadruped's weak_leg; or a TOML file of ranges."""
    clock: ClockName = "real"
    """`lockstep` lets time pass only when the host reads the joints."""
    link: Path | None = None
    """Where to put a symbolic link to the tty; that of an inertial sensor is LINK-imu."""
    faults: Path | None = None
    """File of what goes wrong, and when."""
    truth: Path | None = None
    """CSV file to write its true motion to, for measurements; no real robot has one."""
    paced: bool = True
    """Whether replies take the time that the wire takes."""
    latency_timer: float = 0.001
    """How long its USB adapter holds replies back [s]; 0.016 as a new one does."""
    step: float = 0.001
    """Physics step [s]; 0.002 takes about half as much of a processor."""
    held: bool = False
    """Hang a robot whose base is free in a stand, its feet off the floor."""
