"""`Adapter`: a USB serial adapter, which hands over what it received when it pleases."""

import math
from bisect import insort
from dataclasses import dataclass, field

PACKET = 62
"""Bytes in a full USB packet of FTDI's adapters. Source: FTDI AN232B-04, section 3.3."""


@dataclass(order=True)
class Burst:
    """Bytes that follow one another on the wire without a gap."""

    begin: float
    """When the first one's start bit comes [s]."""
    data: bytes = field(compare=False)
    """The bytes, those handed over taken away."""
    byte: float = field(compare=False)
    """How long one takes [s]."""

    @property
    def end(self) -> float:
        """When the last one is whole [s]."""
        return self.begin + len(self.data) * self.byte


class Adapter:
    """Receives bursts from the wire and hands bytes to the host, at the moments of a real one.

    A packet that is full goes at once. The rest goes when the latency timer runs out, which runs
    round and round, and begins anew with every packet. With a timer of 0 each burst goes when it
    is whole, as a UART's driver does.

    Source: FTDI AN232B-04, "Data Throughput, Latency and Handshaking", section 3.3.
    """

    def __init__(self, latency_timer: float) -> None:
        """Hold nothing; `latency_timer` in seconds."""
        self._timer = latency_timer
        self._bursts: list[Burst] = []
        self.sent_at = 0.0
        """When it last handed something over, or found nothing to [s]."""

    def receive(self, burst: Burst) -> None:
        """Expect a burst, which may be still to come."""
        insort(self._bursts, burst)

    def busy(self, begin: float, seconds: float) -> float:
        """Return the first moment from `begin` on at which the wire is free for `seconds`."""
        for burst in self._bursts:
            if burst.begin < begin + seconds and begin < burst.end:
                begin = burst.end
        return begin

    def due(self) -> float | None:
        """When it hands something over next [s]; None if nothing is on its way."""
        return self._next()[0] if self._bursts else None

    def take(self, until: float) -> bytes:
        """Return what it hands over up to `until` [s]."""
        taken = b""
        while self._bursts:
            at, count = self._next()
            if at > until:
                break
            taken += self._pull(count)
            self.sent_at = at
        return taken

    def _next(self) -> tuple[float, int]:
        """Return when the next packet goes, and how many bytes it holds."""
        first = self._bursts[0]
        if not self._timer:
            return first.end, len(first.data)
        rounds = math.ceil((first.begin + first.byte - self.sent_at) / self._timer)
        expiry = self.sent_at + max(rounds, 1) * self._timer
        count = 0
        for burst in self._bursts:
            room = min(PACKET - count, len(burst.data))
            full = burst.begin + room * burst.byte
            if count + room == PACKET and full <= expiry:
                return full, PACKET
            if full > expiry:
                whole = math.floor((expiry - burst.begin) / burst.byte)
                return expiry, count + min(max(whole, 0), room)
            count += room
        return expiry, count

    def _pull(self, count: int) -> bytes:
        pulled = b""
        while self._bursts and len(pulled) < count:
            burst = self._bursts[0]
            taken = burst.data[: count - len(pulled)]
            pulled += taken
            burst.data = burst.data[len(taken) :]
            burst.begin += len(taken) * burst.byte
            if not burst.data:
                del self._bursts[0]
        return pulled
