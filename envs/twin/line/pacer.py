"""`Pacer`: keeps a served twin to the schedule of its line, as exactly as Linux lets it."""

import select
import time
from collections import deque

from ashore.envs.twin.line.device_clock import DeviceClock
from ashore.envs.twin.line.line import Line
from ashore.envs.twin.line.served import Served

_TICK = 0.002  # longest sleep: how far physics may fall behind while nobody asks [s]
_SPIN = 0.00025  # what a sleep may come too late by, and is spun through instead [s]
_ALERT = 0.0003, 0.002  # how long after a delivery the next request is looked out for [s]
_LEAD = 0.001  # how long before its last byte is on the wire a request may be worked on [s]
_DEBT = 0.002  # most that a late delivery is made up for [s]
_PAUSE = 0.1  # silence that ends an unfinished instruction [s]


class Pacer:
    """Reads, answers and delivers at the moments of a `Line`.

    Whatever takes time is done while the wire is busy anyway: the reply is prepared and physics is
    stepped, a step at a time, before the delivery is due; the last quarter of a millisecond is
    spun through, and so is the time after each delivery in which a host as quick as it was last
    time asks again.

    The host is credited with nothing that it did not have. Its request counts from when it was
    found, and what it needs to be woken by Linux is its own affair, as it is with a real port,
    whose bytes take the same way through the kernel. But if the delivery before came late, because
    this process looked elsewhere or was not running, and the host answers it at once, then the
    lateness is deducted from the beginning of its request: what passed between the two was the
    host's time, and stays what it was.
    """

    def __init__(self, served: Served, line: Line, clock: DeviceClock) -> None:
        """Serve from now on."""
        self._served, self._line, self._clock = served, line, clock
        self._requests: deque[tuple[float, bytes, int]] = deque()
        self._delivered, self._late = -1.0, 0.0
        self._alert = _ALERT[0]
        self._cost = 0.0
        self._heard_at: float | None = None

    def turn(self) -> None:
        """Do the one thing that is due, or sleep until something is, at most a few ms."""
        now = self._clock.now()
        data = self._served.read()
        if data:
            self._hear(data, now)
        elif self._heard_at is not None and now - self._heard_at > _PAUSE:
            self._served.hush()
            self._heard_at = None
        if self._requests and self._requests[0][0] - _LEAD <= now:
            self._answer()
        elif not self._deliver(now) and not data:
            self._pass_time(now)

    def _hear(self, data: bytes, now: float) -> None:
        """Put a request on the wire, and learn how quick this host is."""
        gap = now - self._delivered
        left = now - (self._late if gap < self._alert else 0.0)
        baud = self._served.baud
        self._requests.append((self._line.request(len(data), baud, left), data, baud))
        self._heard_at = now
        if gap < _ALERT[1]:
            self._alert = max(_ALERT[0], min(1.5 * gap, _ALERT[1]))
        elif gap > _PAUSE:
            self._alert = _ALERT[0]

    def _answer(self) -> None:
        """Prepare the replies to the first request, while the wire is still busy with it."""
        end, data, baud = self._requests.popleft()
        self._line.reply(self._served.answer(data, end), baud)

    def _deliver(self, now: float) -> bool:
        """Hand the client what is due; return whether anything was."""
        due = self._line.due()
        if due is None or due > now:
            return False
        data = self._line.take(now)
        self._delivered = self._clock.now()
        self._late = min(self._delivered - self._line.sent_at, _DEBT)
        self._served.send(data)
        return True

    def _pass_time(self, now: float) -> None:
        """Step the physics if there is time for it; else sleep, or return at once to spin."""
        due, step = self._line.due(), self._served.step_seconds
        quiet = now - self._delivered > self._alert
        roomy = quiet if due is None else due - now > max(_SPIN, 2.0 * self._cost)
        if roomy and now - self._served.time >= step:
            self._served.advance(self._served.time + step)
            self._cost += 0.1 * (self._clock.now() - now - self._cost)
            return
        moments = [max(self._served.time + max(_TICK, step), now + step)]
        moments += [due - _SPIN] if due is not None else []
        moments += [end - _LEAD for end, _, _ in self._requests]
        left = min(moments) - now
        if left > 0.0 and (quiet or due is not None):
            self._sleep(left)

    def _sleep(self, seconds: float) -> None:
        descriptor = self._served.fileno()
        if descriptor is None:
            time.sleep(seconds)
        else:
            select.select([descriptor], [], [], seconds)
