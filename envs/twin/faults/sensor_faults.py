"""Faults of what servos measure: an encoder that is stuck or jumps, a supply that sags."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.plant import Sense
from ashore.hardware.tables import allowed

_SIGNALS = ("position", "velocity", "current", "duty", "voltage", "temperature")


@dataclass(frozen=True, kw_only=True)
class SensorFault:
    """Something that sensors say instead of the truth while a fault lasts.

    The servo acts on it where its firmware does (a supply out of limits, heat); the physics turns
    the motor by the true angle all the same.
    """

    def sense(self, sense: Sense, struck: NDArray[np.bool_]) -> Sense:
        """Return what is measured; `struck`, `(n,)`, are the servos it happens to now."""
        return sense


@dataclass(frozen=True, kw_only=True)
class Stuck(SensorFault):
    """An encoder stays at the angle where it was, and sees no motion."""

    @cached_property
    def _angles(self) -> dict[int, float]:
        """Angle at which each got stuck [rad]."""
        return {}

    def sense(self, sense: Sense, struck: NDArray[np.bool_]) -> Sense:
        """Hold the angle."""
        position, velocity = sense.position.copy(), sense.velocity.copy()
        for i in range(len(struck)):
            if struck[i]:
                position[i] = self._angles.setdefault(i, float(position[i]))
                velocity[i] = 0.0
            else:
                self._angles.pop(i, None)
        return replace(sense, position=position, velocity=velocity)


@dataclass(frozen=True, kw_only=True)
class Jump(SensorFault):
    """An encoder is off by an angle."""

    angle: float
    """By how much [rad]."""

    def __post_init__(self) -> None:
        """Refuse what is no angle."""
        allowed("angle", self.angle, 0.0 < abs(self.angle) < 100.0, "not 0, within 100 rad")

    def sense(self, sense: Sense, struck: NDArray[np.bool_]) -> Sense:
        """Add the angle."""
        return replace(sense, position=sense.position + self.angle * struck)


@dataclass(frozen=True, kw_only=True)
class Shows(SensorFault):
    """A sensor shows a value that is not there, such as a supply that sags."""

    signal: str
    """Which: position, velocity, current, duty, voltage, temperature."""
    value: float
    """What it shows, in SI units, of temperature °C."""

    def __post_init__(self) -> None:
        """Refuse signals and values that there are not."""
        allowed("signal", self.signal, self.signal in _SIGNALS, f"one of {', '.join(_SIGNALS)}")
        allowed("value", self.value, abs(self.value) < 1e6, "a finite number")

    def sense(self, sense: Sense, struck: NDArray[np.bool_]) -> Sense:
        """Put the value in its place."""
        values = np.where(struck, self.value, getattr(sense, self.signal))
        return replace(sense, **{self.signal: values})


@dataclass(frozen=True, kw_only=True)
class Sag(SensorFault):
    """The supply sags."""

    volts: float
    """To what [V]."""

    def __post_init__(self) -> None:
        """Refuse what is no voltage."""
        allowed("volts", self.volts, 0.0 <= self.volts < 100.0, "0 to 100 V")

    def sense(self, sense: Sense, struck: NDArray[np.bool_]) -> Sense:
        """Put the voltage in its place."""
        return replace(sense, voltage=np.where(struck, self.volts, sense.voltage))
