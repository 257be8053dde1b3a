"""`DeviceClock`: real time, as a twin's servos count it."""

import time
from collections.abc import Callable

from ashore.envs.twin.line.served import Served

_SLEPT = 0.5


class DeviceClock:
    """The monotonic clock from the servos' power-up on, without the time this process slept.

    Further than half a second behind, the process was suspended, and its servos were too.
    """

    def __init__(self, served: Served, clock: Callable[[], float] = time.monotonic) -> None:
        """Go on from where the device is."""
        self._served, self._clock = served, clock
        self._origin = clock() - served.time

    def now(self) -> float:
        """Time that the device should have reached [s]."""
        now = self._clock() - self._origin
        behind = now - self._served.time
        if behind > _SLEPT:
            self._origin += behind
            now -= behind
        return now
