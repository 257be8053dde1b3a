"""`Pace`: simulated time that keeps up with the clock on the wall."""

BEHIND = 0.2
"""How far a slow machine may fall behind before that time is given up [s]."""

_ROUNDING = 1e-6


class Pace:
    """Says how many control periods are due, and how fast time has passed lately."""

    def __init__(self, period: float, now: float) -> None:
        """Take the control period [s] and the time now [s]."""
        self._period, self._done_until = period, now
        self._since, self._ticks, self._last = now, 0, 1.0

    def due(self, now: float, paused: bool = False) -> int:
        """Control periods to do by `now` [s]; what they are is done then."""
        if paused:
            self._done_until = self._since = now
            self._ticks = 0
            return 0
        self._done_until = max(self._done_until, now - BEHIND)
        ticks = int((now - self._done_until) / self._period + _ROUNDING)
        self._done_until += ticks * self._period
        self._ticks += ticks
        if now - self._since >= 1.0:
            self._last = self._ticks * self._period / (now - self._since)
            self._since, self._ticks = now, 0
        return ticks

    @property
    def speed(self) -> float:
        """Simulated time over real time, in the last whole second."""
        return self._last
