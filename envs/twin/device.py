"""`Device`: what hangs on the far end of a servo line, whatever protocol it speaks."""

from collections.abc import Sequence
from typing import Protocol

from ashore.envs.twin.reply import Reply


class Registers(Protocol):
    """The memory of one servo, by the names of its control table; values are counts."""

    def get(self, name: str) -> int:
        """Return a register's value."""
        ...

    def put(self, name: str, value: int) -> None:
        """Set a register as the firmware itself may."""
        ...


class DeviceServo(Protocol):
    """One servo of a device."""

    @property
    def id(self) -> int:
        """The id it answers to."""
        ...

    @property
    def baud(self) -> int:
        """Rate that it speaks and understands [bit/s]."""
        ...

    @property
    def memory(self) -> Registers:
        """Its registers."""
        ...


class Device(Protocol):
    """A chain of servos, moved by a plant; it says what to send and when, and sends nothing.

    Servos whose `baud` is not `line_baud` neither hear nor answer: to them a request is noise.
    """

    line_baud: int | None
    """Rate of the client at the other end [bit/s]; None means whatever each servo's is."""

    @property
    def time(self) -> float:
        """Time since power-up [s]."""
        ...

    @property
    def servos(self) -> Sequence[DeviceServo]:
        """The servos, in the order of the plant's joints."""
        ...

    def handle(self, data: bytes, now: float | None = None) -> list[Reply]:
        """Take bytes from the line and return the servos' replies, in the order of the wire.

        `now`, if given, is the time to advance to first [s]. Without it time stands still, except
        that a device built with a period lets one pass before it answers a joint read.
        """
        ...

    def advance(self, until: float) -> None:
        """Let physics, watchdogs and fault timers run to `until` [s]."""
        ...

    def hush(self) -> None:
        """Give up an instruction that was begun and never finished, as firmware does on a pause."""
        ...
