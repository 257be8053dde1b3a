"""`BusConfig`: how long a bus waits; `Patience`: how much of that this line has shown it needs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ashore.hardware.wire.protocol import ProtocolName

_BITS_A_BYTE = 10  # 8N1: start, eight, stop
_LEAST = 0.001  # longest pause that a healthy host and adapter may make without warning [s]
_FADING = 0.98  # share of the worst latency that is still believed after the next answer


@dataclass(frozen=True, kw_only=True)
class BusConfig:
    """How long a bus waits, and how often it asks."""

    protocol: ProtocolName = "dynamixel2"
    """What the servos speak."""
    baud: int = 1_000_000
    """Bits a second, from which the time on the wire follows."""
    latency: float = 0.02
    """Longest wait beyond the wire's own time: USB latency timer, scheduling, a slow twin [s]."""
    return_delay: float = 0.0005
    """What each servo waits before it answers: register 9 in units of 2 us, 500 us new [s]."""
    retries: int = 1
    """How often a servo that gave no good answer is asked again."""
    spin: float = 0.0
    """How long before a joint reply is due the host stops sleeping and asks for it over and over:
    it has it sooner by what waking takes, and spends that much of a processor on each [s]."""
    budget: float | None = None
    """Time after which a joint read asks nobody again [s]. Its waits then follow the latency that
    this line has shown. None: it takes as long as it takes, for a line in lockstep."""


class Patience:
    """How long to wait for an answer: the wire's own time, and an allowance beyond it.

    The allowance is `latency`. Within a budget it is twice the worst latency lately seen and a
    millisecond, and no more than `latency`: a silent servo then costs what it must.
    """

    def __init__(self, config: BusConfig, now: Callable[[], float] = time.monotonic) -> None:
        """Start with the config's latency, since nothing was seen yet; `now` is the time [s]."""
        self.config = config
        self.now = now
        self._worst: float | None = None
        self._begun: float | None = None

    @property
    def hurried(self) -> bool:
        """Whether a budget is running."""
        return self._begun is not None

    def over(self, share: float = 1.0) -> bool:
        """Return whether that share of the budget is spent."""
        if self._begun is None or self.config.budget is None:
            return False
        return self.now() >= self._begun + share * self.config.budget

    @property
    def allowance(self) -> float:
        """Longest wait beyond the wire's own time [s]."""
        if self._worst is None or not self.hurried:
            return self.config.latency
        return min(self.config.latency, 2.0 * self._worst + _LEAST)

    def hurry(self) -> None:
        """Let the budget begin, if the config has one."""
        if self.config.budget is not None:
            self._begun = self.now()

    def relax(self) -> None:
        """Let the budget end."""
        self._begun = None

    def wire(self, length: int) -> float:
        """Return the time that `length` bytes take on the wire [s]."""
        return length * _BITS_A_BYTE / self.config.baud

    def deadline(self, length: int, replies: int, slots: float = 0.0) -> float:
        """Return until when to wait for `replies`, if they and the question are `length` bytes."""
        wait = self.wire(length) + replies * self.config.return_delay + slots + self.allowance
        return self.now() + wait

    def pause(self, length: int) -> float:
        """Return how long a line may be silent before a reply of `length` bytes [s]."""
        if not self.hurried:
            return math.inf
        return self.wire(length) + self.config.return_delay + self.allowance

    def learn(self, sent: float, length: int) -> None:
        """Take note that question and answers, `length` bytes begun at `sent`, are now here."""
        excess = max(self.now() - sent - self.wire(length), 0.0)
        self._worst = max(excess, _FADING * (self._worst or 0.0))
