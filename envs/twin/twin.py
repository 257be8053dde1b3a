"""A chain of servos that isn't there, on a pseudo-terminal that is."""

import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from ashore.envs.twin.devices import make_device
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.port import Port
from ashore.envs.twin.reply import joined
from ashore.envs.twin.sensed_plant import SensedPlant
from ashore.envs.twin.twin_config import TwinConfig

__all__ = ["Twin", "TwinConfig"]

_TICK = 0.005
_PAUSE = 20  # ticks of silence that end an unfinished instruction
_SLEPT = 0.5


class Twin:
    """Serves servo firmware on a pseudo-terminal, as a USB adapter with servos would.

    Call `open`, then `serve` from one thread, then `close`. After `close` the client at the other
    end sees its port lost, as if it had been unplugged.
    """

    def __init__(self, config: TwinConfig, plant: Plant, faults: Faults | None = None) -> None:
        """Power the servos up; nothing is open yet."""
        self.config = config
        self.faults = Faults() if faults is None else faults
        self.plant: Plant = SensedPlant(plant, self.faults) if faults is not None else plant
        self.firmware = make_device(config.protocol, self.plant, config.firmware)
        self._port = Port(config.link)
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
        return self._port.open()

    def serve(self, until: Event | None = None) -> None:
        """Answer until `until` is set, `stop` is called, or SIGINT or SIGTERM arrives.

        Raises:
            TwinError: the twin is not open.
        """
        self._port.fileno()
        self._origin = time.monotonic() - self.firmware.time
        self._stopping.clear()
        with _signals(self._stopping):
            pause = 0
            while not (self._stopping.is_set() or (until is not None and until.is_set())):
                heard = self._listen()
                pause = 0 if heard else pause + 1
                if pause == _PAUSE:
                    self.firmware.hush()

    def _listen(self) -> bool:
        """Wait a little for the host, let time pass and answer; return whether it spoke."""
        data = b""
        if self._socket() and self.faults.reading(self.firmware.time):
            readable = select.select([self._port], [], [], _TICK)[0]
            data = self._port.read() if readable else b""
        else:
            time.sleep(_TICK)
        now = self._now()
        heard = self.faults.requests(data, self.firmware.time) if data else b""
        self.faults.act(self.firmware, self.firmware.time)
        if data:
            self.firmware.line_baud = self._port.baud
        replies = self.firmware.handle(heard, now)
        replies = self.faults.replies(replies, self.firmware.time)
        self._moved()
        if replies:
            self._port.send(joined(replies))
        return bool(data)

    def _socket(self) -> bool:
        """Plug or unplug the adapter as the faults have it; return whether it is plugged in."""
        plugged = self.faults.plugged(self.firmware.time)
        if plugged and not self._port.is_open:
            self._port.open()
        if not plugged:
            self._port.close()
        return plugged

    def _moved(self) -> None:
        """Let whatever else lives by the plant's time follow it, before the replies leave."""

    def stop(self) -> None:
        """Make `serve` return, from any thread."""
        self._stopping.set()

    def close(self) -> None:
        """Unplug: end the pseudo-terminal and remove the link; closing twice is allowed."""
        self._port.close()

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
