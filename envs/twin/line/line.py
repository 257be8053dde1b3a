"""`Line`: who speaks when on a half-duplex serial line, and when the host gets to hear it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ashore.envs.twin.line.adapter import Adapter, Burst
from ashore.envs.twin.line.levels import BITS, collided
from ashore.envs.twin.reply import Reply


def wire_time(size: int, baud: int) -> float:
    """Return how long `size` bytes take at `baud` bit/s, ten bits each [s]."""
    return size * BITS / baud


@dataclass(frozen=True, kw_only=True)
class LineConfig:
    """How a line differs from one that costs nothing but its bits."""

    turnaround: float = 20e-6
    """What a servo needs to understand a packet and turn the line around, beyond its return delay
    [s]. No manual says how long.

    Source: of an AX-12 with return delay 0, 18 us after a ping and 22 us after a read, "USB2AX:
    Dynamixel protocol notes", xevelabs.com; of newer ones nobody has published any.
    """
    jitter: float = 4e-6
    """How much longer or shorter that is from time to time [s]."""
    latency_timer: float = 0.0
    """Of the USB adapter; 0 for one that hands over each packet when it is whole [s]."""
    seed: int = 0
    """Of the jitter."""


class Line:
    """The absolute schedule of one line; times in, times out, and no clock of its own.

    A request takes its bits, from the moment it left the host or the wire fell silent. Each reply
    then takes its return delay, a turnaround, and its bits. Replies that begin together collide.
    A reply still to come doesn't keep a request from the wire; it waits its turn behind it.
    What it does not model: the USB's own frames, and a host that speaks into a reply, which
    destroys both on a real line and waits here.
    """

    def __init__(self, config: LineConfig | None = None) -> None:
        """Be silent."""
        self.config = config or LineConfig()
        self._adapter = Adapter(self.config.latency_timer)
        self._rng = np.random.default_rng(self.config.seed)
        self._request_end = 0.0

    def request(self, size: int, baud: int, now: float) -> float:
        """Send `size` bytes that leave the host at `now`; return when the servos have the last."""
        seconds = wire_time(size, baud)
        begin = self._adapter.busy(max(now, self._request_end), 0.0)
        self._request_end = begin + seconds
        return self._request_end

    def reply(self, replies: Iterable[Reply], baud: int) -> None:
        """Put replies to the last request on the wire, one behind the other."""
        free, byte = self._request_end, wire_time(1, baud)
        for group in _groups(replies):
            begins = [free + reply.after + self._turnaround() for reply in group]
            begin, data = min(begins), group[0].data
            if len(group) > 1:
                bits = [round((moment - begin) * baud) for moment in begins]
                data = collided(zip(bits, [reply.data for reply in group], strict=True))
            begin = self._adapter.busy(begin, len(data) * byte)
            self._adapter.receive(Burst(begin, data, byte))
            free = begin + len(data) * byte

    def due(self) -> float | None:
        """When the host gets something next [s]; None if nothing is on its way."""
        return self._adapter.due()

    @property
    def sent_at(self) -> float:
        """When the host got something last, by the schedule [s]."""
        return self._adapter.sent_at

    def take(self, until: float) -> bytes:
        """Return what the host gets up to `until` [s]."""
        return self._adapter.take(until)

    def _turnaround(self) -> float:
        spread = self.config.jitter * self._rng.uniform(-1.0, 1.0)
        return max(self.config.turnaround + spread, 0.0)


def _groups(replies: Iterable[Reply]) -> Iterator[list[Reply]]:
    """Return replies that begin together, in the order of the wire."""
    group: list[Reply] = []
    for reply in replies:
        if group and not reply.together:
            yield group
            group = []
        group.append(reply)
    if group:
        yield group
