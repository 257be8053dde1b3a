"""`Served`: a twin as those see it who let its time pass."""

from typing import Protocol

from ashore.envs.twin.reply import Reply


class Served(Protocol):
    """A twin's port, and its device behind the faults."""

    @property
    def time(self) -> float:
        """How far the device has come [s]."""
        ...

    @property
    def step_seconds(self) -> float:
        """One step of its physics [s]."""
        ...

    @property
    def baud(self) -> int:
        """The client's rate [bit/s]."""
        ...

    def fileno(self) -> int | None:
        """Descriptor on which the client is heard; None while it is unplugged or not read."""
        ...

    def read(self) -> bytes:
        """Return what the client has sent, without waiting."""
        ...

    def send(self, data: bytes) -> None:
        """Hand bytes to the client."""
        ...

    def answer(self, data: bytes, until: float | None) -> list[Reply]:
        """Let the device reach `until`, take `data` and reply."""
        ...

    def advance(self, until: float) -> None:
        """Let the device reach `until`."""
        ...

    def hush(self) -> None:
        """Give up an unfinished instruction."""
        ...
