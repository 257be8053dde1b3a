"""`SafetyFilter`: what may reach the motors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.reading import Command, Reading, Vector
from ashore.hardware.run.base_danger import base_dangers
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec

EXCESS = 1.25
"""Share of a joint's own current or duty limit beyond which the servo is not keeping it."""


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """One thing that the filter changed."""

    sort: str
    """`not finite`, `clipped` or `step limited`."""
    text: str
    """A sentence that names the joints."""


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """A command that is safe to send, and what was done to make it so."""

    command: Command
    """The command to send."""
    changes: tuple[Intervention, ...]
    """Each thing that was changed."""
    held: bool = False
    """Whether a goal was no finite number, so that the last one was held instead."""

    @property
    def interventions(self) -> tuple[str, ...]:
        """A sentence for each thing that was changed."""
        return tuple(change.text for change in self.changes)


class SafetyFilter:
    """A pure function of command and reading: the same inputs always give the same answer."""

    def __init__(self, spec: RobotSpec) -> None:
        """Take the limits of `spec`, a joint's own before the robot's."""
        self.spec = spec
        self._lower, self._upper = spec.column("lower"), spec.column("upper")
        self._tables = [ControlTable.load(joint.servo) for joint in spec.joints]
        self._fastest = spec.fastest
        self._strongest = np.array([joint.current_limit or np.inf for joint in spec.joints])
        self._fullest = np.array([joint.pwm_limit or np.inf for joint in spec.joints])

    def filter(self, command: Command, last: Command) -> Filtered:
        """Hold `command` within position and step limits; a goal that is no number holds `last`.

        `last` is what was sent before, finite. What is returned is finite and no more than a step
        limit from `last`, whatever `command` is; and it is within the position limits, or where
        `last` rested outside, no farther outside.
        """
        wish = _numbers(command, len(self._lower))
        bad = ~np.isfinite(wish)
        wish = np.where(bad, last.position, wish)
        lower = np.minimum(self._lower, last.position)
        inside = np.clip(wish, lower, np.maximum(self._upper, last.position))
        reach = self.spec.safety.step_limit
        near = np.clip(inside, last.position - reach, last.position + reach)
        changes = (
            *self._change(bad, "not finite", "was not a finite number: held"),
            *self._change(inside != wish, "clipped", "was beyond its limits: clipped"),
            *self._change(near != inside, "step limited", "jumped too far: step limited"),
        )
        command = Command(position=near)
        return Filtered(command=command, changes=changes, held=bool(bad.any()))

    def _change(self, mask: NDArray[np.bool_], sort: str, what: str) -> tuple[Intervention, ...]:
        """What was changed in the joints of a mask, if in any."""
        if not mask.any():
            return ()
        return (Intervention(sort=sort, text=f"goal of {self._names(mask)} {what}"),)

    def danger(self, reading: Reading) -> str | None:
        """Return why the run must stop, or None; a powered robot is expected."""
        safety, away = self.spec.safety, self.spec.safety.overtravel
        longest = (safety.stale_limit + 0.5) / self.spec.rate
        position, duty = reading.position, reading.duty
        outside = (position < self._lower - away) | (position > self._upper + away)
        driven = np.zeros_like(position) if duty is None else np.abs(duty)
        checks = (
            (~(reading.age <= longest), f"has not answered for {safety.stale_limit} control steps"),
            (np.abs(reading.velocity) > self._fastest, "is too fast"),
            (np.abs(reading.current) > EXCESS * self._strongest, "draws too much current"),
            (driven > EXCESS * self._fullest, "is driven beyond its duty limit"),
            (reading.temperature > safety.temperature_limit, "is too hot"),
            (~np.isfinite(position), "has no finite position"),
            (outside, "is far outside its limits"),
        )
        dangers = [f"{self._names(mask)} {what}" for mask, what in checks if mask.any()]
        dangers = [*self._faults(reading), *dangers]
        if not dangers and reading.torque_enabled is not None and not reading.torque_enabled.all():
            limp = self._names(~reading.torque_enabled)
            dangers = [f"{limp} lost its torque: its bus watchdog ran out, or it was rebooted"]
        joints = [f"joint {'; '.join(dangers)}"] if dangers else []
        return "; ".join([*joints, *base_dangers(self.spec, reading)]) or None

    def _faults(self, reading: Reading) -> list[str]:
        joints = zip(self.spec.names, self._tables, reading.fault, strict=True)
        return [
            f"{name} reports {', '.join(table.faults(int(fault)))}"
            for name, table, fault in joints
            if fault
        ]

    def _names(self, mask: NDArray[np.bool_]) -> str:
        return ", ".join(name for name, hit in zip(self.spec.names, mask, strict=True) if hit)


def _numbers(command: Command, n: int) -> Vector:
    """Goals as `(n,)` numbers, all NaN if they are anything else: text, truths, complex numbers."""
    try:
        wish = np.asarray(command.position)
    except (TypeError, ValueError):
        return np.full(n, np.nan)
    numbers = wish.shape == (n,) and wish.dtype.kind in "fiu"
    return wish.astype(np.float64) if numbers else np.full(n, np.nan)
