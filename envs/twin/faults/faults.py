"""`Faults`: what goes wrong on a twin, and when."""

from pathlib import Path

from ashore.envs.twin.device import Device
from ashore.envs.twin.plant import Sense
from ashore.envs.twin.reply import Reply
from ashore.hardware.spec import RobotSpec


class Faults:
    """Nothing goes wrong; times are the twin's own [s]."""

    @classmethod
    def load(cls, path: Path, seed: int, spec: RobotSpec) -> "Faults":
        """Read the faults of a file; `seed` is its random numbers' unless it has one of its own."""
        return cls()

    def requests(self, data: bytes, now: float) -> bytes:
        """Return what the servos hear of the host's `data`."""
        return data

    def replies(self, replies: list[Reply], now: float) -> list[Reply]:
        """Return what the line carries of the servos' `replies`."""
        return replies

    def sense(self, sense: Sense, now: float) -> Sense:
        """Return what the sensors make of what there is to see."""
        return sense

    def act(self, device: Device, now: float) -> None:
        """Do to the servos what happens to them by `now`."""

    def imu(self, data: bytes, now: float) -> bytes:
        """Return what the line carries of the inertial sensor's `data`."""
        return data

    def plugged(self, now: float) -> bool:
        """Whether the adapter is in its socket."""
        return True

    def reading(self, now: float) -> bool:
        """Whether the twin takes what the host sends; if not, it piles up."""
        return True
