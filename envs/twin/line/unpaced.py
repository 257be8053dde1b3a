"""`Unpaced`: serves a twin whose replies leave as soon as they are known."""

import math
import select
import time

from ashore.envs.twin.line.device_clock import DeviceClock
from ashore.envs.twin.line.line import Line
from ashore.envs.twin.line.served import Served

_TICK = 0.005
_PAUSE = 20  # ticks of silence that end an unfinished instruction


class Unpaced:
    """Waits for the host, answers, and waits again; packets that collide do so here too."""

    def __init__(self, served: Served, line: Line, clock: DeviceClock | None) -> None:
        """Serve by `clock`; without one time passes only by joint reads, or while unplugged."""
        self._served, self._line, self._clock = served, line, clock
        self._pause = 0

    def turn(self) -> None:
        """Answer what the host sends within a few milliseconds."""
        descriptor = self._served.fileno()
        if descriptor is None:
            time.sleep(_TICK)
            self._served.advance(self._clock.now() if self._clock else self._served.time + _TICK)
            return
        readable = select.select([descriptor], [], [], _TICK)[0]
        data = self._served.read() if readable else b""
        self._pause = 0 if data else self._pause + 1
        if self._pause == _PAUSE:
            self._served.hush()
        if data:
            self._answer(data)
        elif self._clock is not None:
            self._served.advance(self._clock.now())

    def _answer(self, data: bytes) -> None:
        baud = self._served.baud
        replies = self._served.answer(data, self._clock.now() if self._clock else None)
        if replies:
            self._line.request(len(data), baud, self._served.time)
            self._line.reply(replies, baud)
            self._served.send(self._line.take(math.inf))
