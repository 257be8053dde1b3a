"""`BusConfig`: how long a bus waits; `Patience`: how much of that this line has shown it needs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ashore.hardware.wire.protocol import ProtocolName

PROOFS = 0.3
"""Share of a joint read's budget in which servos in doubt may be asked for proof."""

_BITS_A_BYTE = 10  # 8N1: start, eight, stop
_LEAST = 0.001  # longest pause that a healthy host and adapter may make without warning [s]
_REACH = 1.9  # budgets after which nobody is waited for: 2 are a control step, as a rule
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
    """Time after which a joint read asks nobody any more [s]. Its waits then follow the latency
    that this line has shown, and end after 1.9 budgets. None: it takes as long as it takes, for a
    line in lockstep."""


class Patience:
    """How long to wait for an answer: the wire's own time, and an allowance beyond it.

    The allowance is `latency`. Within a budget it is twice the worst latency lately seen and a
    millisecond, and no more than `latency`: a silent servo then costs what it must. After a joint
    read in which nobody spoke it is `latency` once: the line may have become slow.

    The bound: no question begins after the budget, and none is waited for longer than until 1.9
    budgets are over, or the time that question and answers take on the wire and a millisecond,
    where that is later.
    """

    def __init__(self, config: BusConfig, now: Callable[[], float] = time.monotonic) -> None:
        """Start with the config's latency, since nothing was seen yet; `now` is the time [s]."""
        self.config = config
        self.now = now
        self._worst: float | None = None
        self._begun: float | None = None
        self._heard = False
        self.whole = False
        """Whether this joint read waits for the whole latency, since nobody spoke in the last."""
        self._next_whole: bool | None = False  # None: in vain; not again before somebody speaks

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
    def left(self) -> float:
        """How long anybody may yet be waited for within a budget [s]; 0 or less without one."""
        if self._begun is None or self.config.budget is None:
            return 0.0
        return self._begun + _REACH * self.config.budget - self.now()

    @property
    def slow(self) -> bool:
        """Whether a silent servo costs so much of a budget that proofs must cost nothing more."""
        return self.hurried and self.allowance > PROOFS * (self.config.budget or 0.0)

    @property
    def allowance(self) -> float:
        """Longest wait beyond the wire's own time [s]."""
        if self._worst is None or not self.hurried or self.whole:
            return self.config.latency
        return min(self.config.latency, 2.0 * self._worst + _LEAST)

    def hurry(self) -> None:
        """Let the budget begin, if the config has one."""
        if self.config.budget is None:
            return
        self.relax()
        self._begun, self._heard = self.now(), False
        if self._next_whole:
            self.whole, self._next_whole = True, None

    def hear(self) -> None:
        """Take note that somebody spoke."""
        self._heard, self.whole, self._next_whole = True, False, False

    def relax(self) -> None:
        """Let the budget end."""
        if self.hurried and not self._heard and self._next_whole is not None:
            self._next_whole = True
        self._begun, self.whole = None, False

    def wire(self, length: int) -> float:
        """Return the time that `length` bytes take on the wire [s]."""
        return length * _BITS_A_BYTE / self.config.baud

    def deadline(self, length: int, replies: int, slots: float = 0.0) -> float:
        """Return until when to wait for `replies`, if they and the question are `length` bytes."""
        end = self.now() + self.wire(length) + replies * self.config.return_delay + slots
        allowance = self.allowance
        if self.hurried:
            allowance = max(min(allowance, self.left + self.now() - end), _LEAST)
        return end + allowance

    def pause(self, length: int) -> float:
        """Return how long a line may be silent before a reply of `length` bytes [s]."""
        if not self.hurried:
            return math.inf
        return self.wire(length) + self.config.return_delay + self.allowance

    def learn(self, sent: float, length: int) -> None:
        """Take note that question and answers, `length` bytes begun at `sent`, are now here."""
        excess = max(self.now() - sent - self.wire(length), 0.0)
        self._worst = max(excess, _FADING * (self._worst or 0.0))
