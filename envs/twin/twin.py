"""A chain of servos that isn't there, on a pseudo-terminal that is."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from ashore.envs.errors import TwinError
from ashore.envs.twin.devices import make_device
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.imu.imu_line import ImuLine
from ashore.envs.twin.line.device_clock import DeviceClock
from ashore.envs.twin.line.line import Line
from ashore.envs.twin.line.pacer import Pacer
from ashore.envs.twin.line.unpaced import Unpaced
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.port import Port
from ashore.envs.twin.reply import Reply
from ashore.envs.twin.sensed_plant import SensedPlant
from ashore.envs.twin.twin_config import TwinConfig

__all__ = ["Twin", "TwinConfig"]


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
        self._imu: ImuLine | None = None
        if config.imu is not None:
            self._imu = ImuLine(config.imu, self.plant, config.link, config.seed)
            self.plant = self._imu.plant
        self.firmware = make_device(config.protocol, self.plant, config.firmware)
        self.line = Line(config.line)
        self._port = Port(config.link)
        self._stopping = Event()

    def __enter__(self) -> "Twin":
        """Open it."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def open(self) -> str:
        """Make the pseudo-terminals, and links if wanted; return the path to the servos.

        Raises:
            TwinError: a link's place is taken by something else.
        """
        path = self._port.open()
        try:
            if self._imu is not None:
                self._imu.open()
        except TwinError:
            self._port.close()
            raise
        return path

    @property
    def imu_port(self) -> str | None:
        """Path to the inertial sensor; None without one."""
        return None if self._imu is None else self._imu.path

    def serve(self, until: Event | None = None) -> None:
        """Answer until `until` is set, `stop` is called, or SIGINT or SIGTERM arrives.

        Raises:
            TwinError: the twin is not open.
        """
        self._port.fileno()
        self._stopping.clear()
        with _signals(self._stopping):
            turn = self._turns()
            while not (self._stopping.is_set() or (until is not None and until.is_set())):
                turn()

    def _turns(self) -> Callable[[], None]:
        """Return what to do again and again, by the clock that the twin lives by."""
        if self.config.clock == "lockstep":
            return Unpaced(self, self.line, None).turn
        clock = DeviceClock(self)
        if not self.config.paced:
            return Unpaced(self, self.line, clock).turn
        return Pacer(self, self.line, clock).turn

    @property
    def time(self) -> float:
        """How long the servos have been powered [s]."""
        return self.firmware.time

    @property
    def step_seconds(self) -> float:
        """One step of the physics [s]."""
        return self.plant.step_seconds

    @property
    def baud(self) -> int:
        """The client's rate [bit/s]."""
        return self._port.baud

    def fileno(self) -> int | None:
        """Descriptor on which the client is heard; None while it is unplugged or not read."""
        plugged = self.faults.plugged(self.time)
        if plugged and not self._port.is_open:
            self._port.open()
        if not plugged:
            self._port.close()
        return self._port.fileno() if plugged and self.faults.reading(self.time) else None

    def read(self) -> bytes:
        """Return what the client has sent, without waiting; at 0 baud, hung up, that is nothing."""
        data = self._port.read() if self.fileno() is not None else b""
        return data if data and self.baud else b""

    def send(self, data: bytes) -> None:
        """Hand bytes to the client, if it is plugged in."""
        if self._port.is_open:
            self._port.send(data)

    def answer(self, data: bytes, until: float | None) -> list[Reply]:
        """Let the servos reach `until`, hear `data` from the client, and reply."""
        self.faults.act(self.firmware, self.time)
        self.firmware.line_baud = self.baud
        heard = self.faults.requests(data, self.time)
        replies = self.firmware.handle(heard, until)
        self._moved()
        return self.faults.replies(replies, self.time)

    def advance(self, until: float) -> None:
        """Let the servos reach `until` [s]."""
        self.faults.act(self.firmware, self.time)
        self.firmware.advance(until)
        self._moved()

    def hush(self) -> None:
        """Give up an unfinished instruction."""
        self.firmware.hush()

    def _moved(self) -> None:
        """Let whatever else lives by the plant's time follow it, before the replies leave."""
        if self._imu is not None:
            self._imu.send(self.faults, self.time)

    def stop(self) -> None:
        """Make `serve` return, from any thread."""
        self._stopping.set()

    def close(self) -> None:
        """Unplug: end the pseudo-terminals and remove the links; closing twice is allowed."""
        self._port.close()
        if self._imu is not None:
            self._imu.close()


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
