"""`LimitWatch`: warns before temperature, voltage and current over time become dangerous."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.reading import Reading, Vector
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec

CURRENT_MARGIN = 0.2
"""Share of what a motor bears that is left when a warning comes."""
CLEAR = 1.5
"""Margins that must lie between a value and its limit before a warning is taken back."""

_LONGEST = 1.0  # how much of a gap between two readings counts as heating [s]


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A joint came near to a limit, or away from it again."""

    near: bool
    """Whether it came near; else it is well again."""
    text: str
    """A sentence with the joint and its value."""


class LimitWatch:
    """Soft limits with hysteresis, and the heat of each motor, over the readings of one run.

    A motor's heat is `dh/dt = ((I / I_c)² - h) / tau`, a first-order model of a winding: `I` the
    current, `I_c` what it bears for ever (`continuous_current`), `tau` the `current_time`. At 1 the
    run must stop. A joint that draws `k` times `I_c` from cold is there after
    `-tau * ln(1 - 1 / k²)`.

    Source: the i²t protection of IEC 60947-4-1 overload relays, as a first-order thermal model.
    """

    def __init__(self, spec: RobotSpec) -> None:
        """Begin cold."""
        safety, tables = spec.safety, [ControlTable.load(joint.servo) for joint in spec.joints]
        self.spec = spec
        self.heat: Vector = np.zeros(len(spec.joints))
        self._bears = np.array([safety.continuous_current or _half(table) for table in tables])
        self._lowest = _limit(tables, "min_voltage_limit", safety.voltage_lower, -math.inf)
        self._highest = _limit(tables, "max_voltage_limit", safety.voltage_upper, math.inf)
        self._time = math.nan
        self._near: dict[str, NDArray[np.bool_]] = {}

    def see(self, reading: Reading) -> list[Crossing]:
        """Take one reading in; return what crossed a soft limit with it."""
        self._heat_up(reading)
        safety, volts, hot = self.spec.safety, reading.voltage, reading.temperature
        cool = safety.temperature_limit - hot
        crossings = list[Crossing]()
        for what, values, unit, left in (
            ("temperature", hot, "°C", cool / safety.temperature_margin),
            ("voltage", volts, "V", self._volts_left(volts) / safety.voltage_margin),
            ("current over time", self.heat, "of 1", (1.0 - self.heat) / CURRENT_MARGIN),
        ):
            before = self._near.get(what, np.zeros(len(left), np.bool_))
            now = (left < 1.0) | (before & (left < CLEAR))
            for index in np.flatnonzero(now != before):
                word = "is near its limit" if now[index] else "is well again"
                text = f"{what} of {self.spec.names[index]} {word}: {values[index]:.3g} {unit}"
                crossings.append(Crossing(near=bool(now[index]), text=text))
            self._near[what] = now
        return crossings

    def danger(self, reading: Reading) -> str | None:
        """Return why the run must stop, or None; the reading is the one seen last."""
        safety, volts = self.spec.safety, reading.voltage
        low, high = safety.voltage_lower, safety.voltage_upper
        checks = (
            (volts < (low or -math.inf), f"has less than its {low} V"),
            (volts > (high or math.inf), f"has more than its {high} V"),
            (self.heat >= 1.0, "has drawn too much current for too long"),
        )
        dangers = [
            f"{', '.join(np.array(self.spec.names)[mask])} {what}"
            for mask, what in checks
            if mask.any()
        ]
        return f"joint {'; '.join(dangers)}" if dangers else None

    def _heat_up(self, reading: Reading) -> None:
        passed = reading.time - self._time
        self._time = reading.time
        if passed > 0.0:
            load = np.nan_to_num(reading.current / self._bears, nan=0.0, posinf=0.0, neginf=0.0)
            share = -math.expm1(-min(passed, _LONGEST) / self.spec.safety.current_time)
            self.heat = self.heat + share * (load**2 - self.heat)

    def _volts_left(self, volts: Vector) -> Vector:
        return np.minimum(volts - self._lowest, self._highest - volts)


def _half(table: ControlTable) -> float:
    """Half of a servo's current limit as it is delivered, infinite where it has none."""
    if "current_limit" not in table.registers:
        return math.inf
    return 0.5 * table["current_limit"].to_si(table["current_limit"].initial)


def _limit(tables: list[ControlTable], name: str, given: float | None, none: float) -> Vector:
    """The robot's limit if one is given, else each servo's own, as it is delivered."""
    if given is not None:
        return np.full(len(tables), given)
    return np.array(
        [t[name].to_si(t[name].initial) if name in t.registers else none for t in tables]
    )
