"""`Guard`: asked at each tick whether the run may go on, and what may be sent."""

from ashore.hardware.errors import HardwareError
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.leap_watch import LeapWatch
from ashore.hardware.run.limit_watch import LimitWatch
from ashore.hardware.run.repeats import Repeats
from ashore.hardware.run.safety import SafetyFilter
from ashore.hardware.spec import RobotSpec


class Danger(HardwareError):
    """The run must stop."""


class Guard:
    """Watches over one run, and tells the log what it saw and what it changed.

    Every method raises `Danger` when the run must stop.
    """

    def __init__(self, spec: RobotSpec, log: LogWriter) -> None:
        """Watch by the limits of `spec`."""
        self.spec, self.log = spec, log
        self.safety, self.limits = SafetyFilter(spec), LimitWatch(spec)
        self.leaps = LeapWatch(spec)
        self.repeats = Repeats(log)
        self.interventions = 0
        self._bad_in_a_row = 0

    def pace(self, now: float, missed: int, late_in_a_row: int) -> None:
        """Take note of deadlines that were `missed`, `late_in_a_row` ticks one after another."""
        if missed:
            self.repeats.tell(now, "late", f"skipped {missed} control steps", "late")
        if late_in_a_row >= self.spec.safety.late_limit:
            raise Danger(
                f"{late_in_a_row} control steps in a row came too late; lower the rate or the load"
            )

    def reading(self, reading: Reading) -> None:
        """Look at what the robot said."""
        if not reading.fresh.all():
            joints = zip(self.spec.names, reading.fresh, strict=True)
            silent = ", ".join(name for name, fresh in joints if not fresh)
            self.repeats.tell(reading.time, "missed", f"{silent} gave no sample", "read")
        for crossing in self.limits.see(reading):
            level = "warning" if crossing.near else "info"
            self.log.event(reading.time, level, "limit", crossing.text)
        leap = self.leaps.danger(reading)
        danger = self.safety.danger(reading) or self.limits.danger(reading) or leap
        if danger:
            raise Danger(danger)

    def command(self, time: float, command: Command, last: Command) -> Command:
        """Return what may be sent instead of `command`, after `last`."""
        filtered = self.safety.filter(command, last)
        self._bad_in_a_row = self._bad_in_a_row + 1 if filtered.held else 0
        self.interventions += bool(filtered.changes)
        for change in filtered.changes:
            self.repeats.tell(time, change.sort, change.text)
        limit = self.spec.safety.bad_limit
        if self._bad_in_a_row >= limit:
            raise Danger(f"the policy gave no finite goal {limit} times in a row")
        return filtered.command
