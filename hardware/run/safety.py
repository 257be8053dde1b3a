"""`SafetyFilter`: what may reach the motors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.reading import Command, Reading, Vector
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """A command that is safe to send, and what was done to make it so."""

    command: Command
    """The command to send."""
    interventions: tuple[str, ...]
    """A sentence for each thing that was changed."""
    held: bool = False
    """Whether a goal was no finite number, so that the last one was held instead."""


class SafetyFilter:
    """A pure function of command and reading: the same inputs always give the same answer."""

    def __init__(self, spec: RobotSpec) -> None:
        self.spec = spec
        self._lower, self._upper = spec.column("lower"), spec.column("upper")
        self._tables = [ControlTable.load(joint.servo) for joint in spec.joints]

    def filter(self, command: Command, last: Command) -> Filtered:
        """Hold `command` within position and step limits; a goal that is no number holds `last`.

        `last` is what was sent before, finite. What is returned is finite and within the position
        limits whatever `command` is; it is a step limit from `last`, or from the limit nearest to
        a `last` that rested outside.
        """
        wish, said = _numbers(command, len(self._lower)), []
        bad = ~np.isfinite(wish)
        if bad.any():
            said.append(f"goal of {self._names(bad)} was not a finite number: held")
            wish = np.where(bad, last.position, wish)
        inside = np.clip(wish, self._lower, self._upper)
        if (inside != wish).any():
            said.append(f"goal of {self._names(inside != wish)} was beyond its limits: clipped")
        reach = self.spec.safety.step_limit
        anchor = np.clip(last.position, self._lower, self._upper)
        near = np.clip(inside, anchor - reach, anchor + reach)
        if (near != inside).any():
            said.append(f"goal of {self._names(near != inside)} jumped too far: step limited")
        command = Command(position=near)
        return Filtered(command=command, interventions=tuple(said), held=bool(bad.any()))

    def danger(self, reading: Reading) -> str | None:
        """Return why the run must stop, or None; a powered robot is expected."""
        safety = self.spec.safety
        longest = (safety.stale_limit + 0.5) / self.spec.rate
        checks = (
            (~(reading.age <= longest), f"has not answered for {safety.stale_limit} control steps"),
            (np.abs(reading.velocity) > safety.velocity_limit, "is too fast"),
            (reading.temperature > safety.temperature_limit, "is too hot"),
            (~np.isfinite(reading.position), "has no finite position"),
        )
        dangers = [f"{self._names(mask)} {what}" for mask, what in checks if mask.any()]
        dangers = [*self._faults(reading), *dangers]
        if not dangers and reading.torque_enabled is not None and not reading.torque_enabled.all():
            limp = self._names(~reading.torque_enabled)
            dangers = [f"{limp} lost its torque: its bus watchdog ran out, or it was rebooted"]
        return f"joint {'; '.join(dangers)}" if dangers else None

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
    """Goals as `(n,)` numbers, all NaN if they are anything else."""
    try:
        wish = np.asarray(command.position, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full(n, np.nan)
    return wish if wish.shape == (n,) else np.full(n, np.nan)
