"""`SafetyFilter`: what may reach the motors."""

from dataclasses import dataclass

import numpy as np

from ashore.hardware.reading import Command, Reading
from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """A command that is safe to send, and what was done to make it so."""

    command: Command
    """The command to send."""
    interventions: tuple[str, ...]
    """A sentence for each thing that was changed."""


class SafetyFilter:
    """A pure function of command and reading: the same inputs always give the same answer."""

    def __init__(self, spec: RobotSpec) -> None:
        self.spec = spec
        self._lower, self._upper = spec.column("lower"), spec.column("upper")

    def filter(self, command: Command, last: Command) -> Filtered:
        """Hold `command` within position and step limits; a goal that is no number holds `last`."""
        wish, said = command.position, []
        bad = ~np.isfinite(wish)
        if bad.any():
            said.append(f"goal of {self._names(bad)} was not a finite number: held")
            wish = np.where(bad, last.position, wish)
        inside = np.clip(wish, self._lower, self._upper)
        if (inside != wish).any():
            said.append(f"goal of {self._names(inside != wish)} was beyond its limits: clipped")
        reach = self.spec.safety.step_limit
        near = np.clip(inside, last.position - reach, last.position + reach)
        if (near != inside).any():
            said.append(f"goal of {self._names(near != inside)} jumped too far: step limited")
        return Filtered(command=Command(position=near), interventions=tuple(said))

    def danger(self, reading: Reading) -> str | None:
        """Return why the run must stop, or None; a powered robot is expected."""
        safety = self.spec.safety
        stale = reading.age > (safety.stale_limit + 0.5) / self.spec.rate
        checks = (
            (reading.fault != 0, "reports a hardware error"),
            (stale, f"has not answered for {safety.stale_limit} control steps"),
            (np.abs(reading.velocity) > safety.velocity_limit, "is too fast"),
            (reading.temperature > safety.temperature_limit, "is too hot"),
            (~np.isfinite(reading.position), "has no finite position"),
        )
        for mask, what in checks:
            if mask.any():
                return f"joint {self._names(mask)} {what}"
        if reading.torque_enabled is not None and not reading.torque_enabled.all():
            return f"joint {self._names(~reading.torque_enabled)} lost its torque"
        return None

    def _names(self, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
        return ", ".join(name for name, hit in zip(self.spec.names, mask, strict=True) if hit)
