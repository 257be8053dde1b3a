"""`Clock`: what time a control loop lives by."""

import time
from typing import Protocol


class Clock(Protocol):
    """A robot's time [s], from an arbitrary origin."""

    def now(self) -> float:
        """Present time."""
        ...

    def sleep_until(self, moment: float) -> None:
        """Return at `moment`, or at once if it has passed."""
        ...


class SystemClock:
    """The monotonic clock of the host: for robots, and twins that run in real time."""

    def now(self) -> float:
        """Seconds since some past moment."""
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        """Sleep; the deadline is absolute, so that lateness does not add up."""
        left = moment - time.monotonic()
        if left > 0.0:
            time.sleep(left)


class LockstepClock:
    """Time that passes only by waiting for it: for twins whose physics waits for the host."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """The last moment waited for."""
        return self._now

    def sleep_until(self, moment: float) -> None:
        """Let time pass at once."""
        self._now = max(self._now, moment)
