"""`Port`: one end of a pseudo-terminal, the other of which is a serial port to the host."""

import fcntl
import os
import struct
import tty
from pathlib import Path

from ashore.envs.errors import TwinError

_CHUNK = 4096
_TCGETS2 = 0x802C542A  # linux/asm-generic/ioctls.h: flags, line, 19 control characters, speeds
_TERMIOS2 = struct.Struct("=4IB19B2I")


class Port:
    """A pseudo-terminal with a link to it; a twin holds the master's end."""

    def __init__(self, link: Path | None) -> None:
        """Nothing is open yet."""
        self.link = link
        self._descriptors: tuple[int, int] | None = None
        self._path = ""

    @property
    def is_open(self) -> bool:
        """Whether a client could open the other end."""
        return self._descriptors is not None

    @property
    def path(self) -> str:
        """Where a client finds it: the link if there is one."""
        return str(self.link or self._path)

    @property
    def baud(self) -> int:
        """What the client set its end to [bit/s], any rate; 38400 before it sets one."""
        blank = bytes(_TERMIOS2.size)
        return int(_TERMIOS2.unpack(fcntl.ioctl(self._ends[1], _TCGETS2, blank))[-1])

    def fileno(self) -> int:
        """Descriptor to wait on.

        Raises:
            TwinError: it is not open.
        """
        return self._ends[0]

    def open(self) -> str:
        """Make the pseudo-terminal and the link; return the path to use. Opening twice is allowed.

        Raises:
            TwinError: the link's place is taken by something else.
        """
        if self._descriptors is not None:
            return self.path
        master, slave = os.openpty()
        # Raw before anyone opens it, or the first client hears its own echo. The slave stays open
        # here, or reading fails between two clients.
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._descriptors, self._path = (master, slave), os.ttyname(slave)
        try:
            self._point()
        except OSError as problem:
            self.close()
            raise TwinError(
                f"cannot put the twin at {self.link}: {problem.strerror}; name another link"
            ) from problem
        return self.path

    def read(self) -> bytes:
        """Return what the client has sent, nothing if nothing."""
        try:
            return os.read(self._ends[0], _CHUNK)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        """Write what fits; a client that does not read loses the rest, as on a real line."""
        while data:
            try:
                data = data[os.write(self._ends[0], data) :]
            except BlockingIOError:
                return

    def close(self) -> None:
        """Unplug: the client's end is lost, and the link removed; closing twice is allowed."""
        if self._descriptors is None:
            return
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = None
        link = self.link
        if link is not None and link.is_symlink() and os.readlink(link) == self._path:
            link.unlink()

    @property
    def _ends(self) -> tuple[int, int]:
        if self._descriptors is None:
            raise TwinError("the twin is not open: call open() before serve()")
        return self._descriptors

    def _point(self) -> None:
        """Point the link here, replacing an older link but nothing else."""
        if self.link is None:
            return
        if self.link.is_symlink():
            self.link.unlink()
        self.link.symlink_to(self._path)
