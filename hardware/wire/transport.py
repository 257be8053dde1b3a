"""A serial port that speaks in bytes and fails in words."""

import errno
import os
import select
import stat
import termios
import time
from collections.abc import Callable
from typing import Any, Protocol

import serial
from serial.tools import list_ports

from ashore.hardware.errors import PortError, PortLost
from ashore.hardware.wire.openers import openers

Tap = Callable[[str, bytes], None]
"""Called with "tx" or "rx" and the bytes, as they pass."""

# What pyserial lets through when a port dies: its own errors and a descriptor that is None.
_ODDITIES = (OSError, termios.error, ValueError, TypeError)
_NEVER_QUIET = 1 << 16
_STALLED = 1.0  # longest time in which nobody takes a byte that is sent [s]
_CLOSED = -1


class Transport(Protocol):
    """What a bus needs of a wire."""

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        ...

    def read(self, n: int, timeout: float) -> bytes:
        """Return `n` bytes, or those that came within `timeout` [s]."""
        ...

    def drain(self, quiet_seconds: float) -> bytes:
        """Throw incoming bytes away until none came for `quiet_seconds`, and return them."""
        ...

    def fileno(self) -> int | None:
        """Return the descriptor of the wire; None if it has none, as a socket's URL."""
        ...

    def close(self) -> None:
        """Let go of the wire; closing twice is allowed."""
        ...


class SerialTransport:
    """A serial port, a pseudo-terminal, or any URL that pyserial knows (`socket://`, `spy://`)."""

    def __init__(self, port: str, baud: int = 1_000_000, tap: Tap | None = None) -> None:
        """Open `port` for this process alone.

        Args:
            port: a path such as /dev/ttyUSB0, or a pyserial URL.
            baud: bits a second; a pseudo-terminal takes any.
            tap: sees every byte that passes, for the log.

        Raises:
            PortError: the port is absent, busy, forbidden, or not a port.
        """
        self.port = port
        self.baud = baud
        self.tap = tap
        self._serial: Any = _open(port, baud)
        # Straight reads and writes of the descriptor take a third of pyserial's time.
        self._descriptor = None if "://" in port else int(self._serial.fileno())
        self._timeout = 0.0

    def __enter__(self) -> "SerialTransport":
        """Return itself; the port is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self.close()

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            PortLost: the port is gone, or nobody takes the bytes.
        """
        try:
            if self._descriptor is None:
                self._serial.write(data)
            else:
                _write(self._descriptor, data)
        except _ODDITIES as problem:
            raise self._lost(problem) from problem
        if self.tap is not None:
            self.tap("tx", data)

    def read(self, n: int, timeout: float) -> bytes:
        """Return `n` bytes, or those that came within `timeout` [s].

        Raises:
            PortLost: the port is gone.
        """
        try:
            if self._descriptor is None:
                data = self._read_slowly(n, timeout)
            else:
                data = _read(self._descriptor, n, timeout)
        except _ODDITIES as problem:
            raise self._lost(problem) from problem
        if data and self.tap is not None:
            self.tap("rx", data)
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        """Throw incoming bytes away until none came for `quiet_seconds`, and return them.

        A line that is never quiet is given up after 64 KiB.

        Raises:
            PortLost: the port is gone.
        """
        drained = b""
        while len(drained) < _NEVER_QUIET:
            first = self.read(1, quiet_seconds)
            if not first:
                break
            drained += first + self.read(4096, 0.0)
        return drained

    def fileno(self) -> int | None:
        """Return the descriptor of the open port; None for a URL, or once it is closed."""
        return self._descriptor if self._serial.is_open else None

    def close(self) -> None:
        """Let go of the port; closing twice, or a port that is gone, is allowed."""
        if self._descriptor is not None:
            self._descriptor = _CLOSED
        try:
            self._serial.close()
        except _ODDITIES:
            return

    def _read_slowly(self, n: int, timeout: float) -> bytes:
        """Read through pyserial, for what has no descriptor."""
        if timeout != self._timeout:
            self._serial.timeout = self._timeout = max(timeout, 0.0)
        return bytes(self._serial.read(n))

    def _lost(self, problem: BaseException) -> PortLost:
        return PortLost(
            f"{self.port} is gone ({problem}): it was unplugged, closed, or its process died; "
            f"plug it in again and start anew; {_candidates()}"
        )


def _read(descriptor: int, n: int, timeout: float) -> bytes:
    """Return `n` bytes, or those that came within `timeout` [s]."""
    data = b""
    deadline = time.monotonic() + timeout
    while len(data) < n:
        if not select.select([descriptor], [], [], max(timeout, 0.0))[0]:
            break
        piece = os.read(descriptor, n - len(data))
        if not piece:
            raise OSError(errno.EIO, "it is readable and has no bytes")
        data += piece
        timeout = deadline - time.monotonic()
    return data


def _write(descriptor: int, data: bytes) -> None:
    """Write all of `data`, a piece at a time if the port takes no more."""
    sent, deadline = _taken(descriptor, data), time.monotonic() + _STALLED
    while sent < len(data):
        if not select.select([], [descriptor], [], max(deadline - time.monotonic(), 0.0))[1]:
            raise OSError(errno.ETIMEDOUT, "nobody takes the bytes")
        sent += _taken(descriptor, data[sent:])


def _taken(descriptor: int, data: bytes) -> int:
    """Return how many bytes the port takes at once."""
    try:
        return os.write(descriptor, data)
    except BlockingIOError:
        return 0


def _open(port: str, baud: int) -> Any:
    """Return an open pyserial port; exclusive where that means something."""
    try:
        opened = serial.serial_for_url(port, do_not_open=True, timeout=0.0)
        opened.baudrate, opened.write_timeout = baud, _STALLED
        if "://" not in port:
            opened.exclusive = True
        opened.open()
    except _ODDITIES as problem:
        raise PortError(_why(port, baud, problem)) from problem
    try:
        opened.set_low_latency_mode(True)
    except (*_ODDITIES, AttributeError, NotImplementedError):
        # Pseudo-terminals and sockets have no latency timer to set.
        return opened
    return opened


def _why(port: str, baud: int, problem: BaseException) -> str:
    """Return one sentence on why `port` did not open, and what to do."""
    asked = f"cannot open {port} at {baud} baud"
    if "://" in port:
        return f"{asked}: {problem}; check that its other end is up"
    try:
        mode = os.stat(port).st_mode
    except OSError as absent:
        return f"{asked}: {absent.strerror}; plug it in, or name another; {_candidates()}"
    if not stat.S_ISCHR(mode):
        return f"{asked}: it is not a serial port; {_candidates()}"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"{asked}: permission denied; `sudo usermod -aG dialout $USER`, then log in again"
    if getattr(problem, "errno", None) in (errno.EBUSY, errno.EWOULDBLOCK):
        return f"{asked}: it is busy, held by {_holder(port)}; stop that first"
    return f"{asked}: it is not a working serial port ({problem}); {_candidates()}"


def _candidates() -> str:
    """Return the ports that exist, in words."""
    ports = sorted(entry.device for entry in list_ports.comports())
    return f"ports here: {', '.join(ports)}" if ports else "no serial port is plugged in here"


def _holder(port: str) -> str:
    """Return who holds `port`, as far as /proc tells."""
    opener = next(openers(port), None)
    if opener is None:
        return "a process that cannot be seen from here"
    return f"process {opener.pid} ({opener.name})"
