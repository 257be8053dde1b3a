"""Where a robot is: `Place`, and `SessionConfig` of those who drive it for some episodes.

Every command asks for one, so nothing heavy is imported here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ClockName = Literal["real", "lockstep"]
OnDrift = Literal["warn", "stop"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a robot is, and who watches over it."""

    port: str
    """Serial port of the robot, such as /dev/ttyUSB0, or a twin's tty."""
    seed: int = 0
    """Seed of the commands: two sessions with one seed ask for the same."""
    clock: ClockName = "real"
    """`lockstep` for a twin that waits for its host."""
    robot: str | None = None
    """The robot's name or folder, if its spec is not the bundle's own."""
    imu_port: str | None = None
    """Serial port of the inertial sensor, for a robot that has one."""
    stop_input: tuple[str, ...] = ()
    """Buttons that stop the run: file:PATH (while it is there), udp:PORT (any datagram), gpio:N
    (its value is 1), key (any key)."""
    realtime: bool = False
    """Run under SCHED_FIFO with memory locked; refused where the system does not allow it."""
    supervise: bool = True
    """Let a process of its own take torque off if this one dies or hangs."""


@dataclass(frozen=True, kw_only=True)
class SessionConfig(Place):
    """Where a session takes place and how long it lasts; `record` and `deploy` take these."""

    out: Path | None = None
    """Log to write; default: runs/ROBOT-KIND-TIME.mcap."""
    episodes: int = 5
    """Episodes to run, each with commands of its own."""
    on_drift: OnDrift = "warn"
    """What happens once the robot no longer behaves as those that the policy was validated for:
    `warn` says so, aloud and in the log; `stop` ends the run too."""
