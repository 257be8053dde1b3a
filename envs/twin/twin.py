"""A chain of servos that isn't there, on a pseudo-terminal that is."""

import os
import select
import signal
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import Literal

from ashore.envs.errors import TwinError
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.servos.firmware import Firmware, FirmwareConfig
from ashore.hardware.wire.dynamixel import LARGEST_ID

_CHUNK = 4096
_TICK = 0.005
_PAUSE = 20  # ticks of silence that end an unfinished instruction
_SLEPT = 0.5


@dataclass(frozen=True, kw_only=True)
class TwinConfig:
    """What the twin is and how its time passes."""

    ids: tuple[int, ...]
    """Servo ids along the chain; one joint of the plant each, in its order."""
    rate: float
    """Control rate: how far one joint read moves a lockstep twin is `1 / rate` [Hz]."""
    clock: Literal["real", "lockstep"] = "real"
    """`real` follows the monotonic clock. In `lockstep` time stands still, except that every sync
    read or fast sync read first lets one control period pass, and then answers."""
    link: Path | None = None
    """Where to put a symbolic link to the pseudo-terminal."""
    model: str = "xl330"
    """Servo model, by the name of its control table."""
    version: int | None = None
    """Servo firmware version; None is the control table's."""

    def __post_init__(self) -> None:
        """Refuse a clock that cannot run, and ids that cannot be."""
        if self.clock not in ("real", "lockstep"):
            raise TwinError(f"no clock {self.clock!r}; possible: real, lockstep")
        if not 0.0 < self.rate <= 10_000.0:
            raise TwinError(f"a rate of {self.rate} Hz is not possible; 0 to 10000 is")
        strange = sorted({servo for servo in self.ids if not 0 <= servo <= LARGEST_ID})
        if strange or not self.ids:
            raise TwinError(f"servo ids {strange} are not possible; give some from 0 to 252")


class Twin:
    """Serves servo firmware on a pseudo-terminal, as a USB adapter with servos would.

    Call `open`, then `serve` from one thread, then `close`. After `close` the client at the other
    end sees its port lost, as if it had been unplugged.
    """

    def __init__(self, config: TwinConfig, plant: Plant) -> None:
        """Power the servos up; nothing is open yet."""
        self.config = config
        period = 1.0 / config.rate if config.clock == "lockstep" else None
        self.firmware = Firmware(
            plant,
            FirmwareConfig(
                ids=config.ids, model=config.model, version=config.version, period=period
            ),
        )
        self._descriptors: tuple[int, int] | None = None
        self._path = ""
        self._stopping = Event()
        self._origin = 0.0

    def __enter__(self) -> "Twin":
        """Open it."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def open(self) -> str:
        """Make the pseudo-terminal, and the link if one is wanted; return the path to use.

        Raises:
            TwinError: the link's place is taken by something else.
        """
        if self._descriptors is not None:
            return self._path
        master, slave = os.openpty()
        # Raw before anyone opens it, or the first client hears its own echo. The slave stays open
        # here, or reading fails between two clients.
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._descriptors, self._path = (master, slave), os.ttyname(slave)
        try:
            _link(self.config.link, self._path)
        except OSError as problem:
            self.close()
            raise TwinError(
                f"cannot put the twin at {self.config.link}: {problem.strerror}; name another link"
            ) from problem
        return str(self.config.link or self._path)

    def serve(self, until: Event | None = None) -> None:
        """Answer until `until` is set, `stop` is called, or SIGINT or SIGTERM arrives.

        Raises:
            TwinError: the twin is not open.
        """
        if self._descriptors is None:
            raise TwinError("the twin is not open: call open() before serve()")
        master = self._descriptors[0]
        self._origin = time.monotonic() - self.firmware.time
        self._stopping.clear()
        with _signals(self._stopping):
            pause = 0
            while not (self._stopping.is_set() or (until is not None and until.is_set())):
                readable = select.select([master], [], [], _TICK)[0]
                data = os.read(master, _CHUNK) if readable else b""
                pause = 0 if data else pause + 1
                if pause == _PAUSE:
                    self.firmware.hush()
                _send(master, self.firmware.handle(data, self._now()))

    def stop(self) -> None:
        """Make `serve` return, from any thread."""
        self._stopping.set()

    def close(self) -> None:
        """Unplug: end the pseudo-terminal and remove the link; closing twice is allowed."""
        if self._descriptors is None:
            return
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = None
        link = self.config.link
        if link is not None and link.is_symlink() and os.readlink(link) == self._path:
            link.unlink()

    def _now(self) -> float | None:
        """Return the time the physics should have reached, or None in lockstep [s]."""
        if self.config.clock == "lockstep":
            return None
        now = time.monotonic() - self._origin
        behind = now - self.firmware.time
        if behind > _SLEPT:
            # The process was suspended; the servos were too.
            self._origin += behind
            now -= behind
        return now


def _link(link: Path | None, target: str) -> None:
    """Point `link` at `target`, replacing an older link but nothing else."""
    if link is None:
        return
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)


def _send(master: int, data: bytes) -> None:
    """Write what fits; a client that does not read loses the rest, as on a real line."""
    while data:
        try:
            data = data[os.write(master, data) :]
        except BlockingIOError:
            return


@contextmanager
def _signals(stopping: Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM set `stopping`, where signals can be caught at all."""
    if current_thread() is not main_thread():
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
