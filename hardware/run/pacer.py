"""`Pacer`: the deadlines of a control loop."""

from ashore.hardware.run.clock import Clock


class Pacer:
    """Waits for deadlines a period apart, on an absolute grid.

    A deadline that was missed is skipped, never made up in a burst.
    """

    def __init__(self, clock: Clock, period: float) -> None:
        """Count from now; `period` in s."""
        self.clock, self.period = clock, period
        self._deadline = clock.now()
        self.late_in_a_row = 0

    def restart(self) -> None:
        """Count from now: what was late before is forgiven."""
        self._deadline = self.clock.now()
        self.late_in_a_row = 0

    def wait(self) -> int:
        """Wait for the next deadline that is not over; return how many were skipped."""
        self._deadline += self.period
        missed = int(max(0.0, self.clock.now() - self._deadline) / self.period)
        self.late_in_a_row = self.late_in_a_row + 1 if missed else 0
        self._deadline += missed * self.period
        self.clock.sleep_until(self._deadline)
        return missed
