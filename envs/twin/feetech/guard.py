"""`Guard`: what the firmware of `n` servos watches over, and for how long it lets it pass."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.plant import Sense, Vector

VOLTAGE, OVERHEAT, OVERCURRENT, OVERLOAD = 0x01, 0x04, 0x08, 0x20
"""Bits of the servo's status. Source: Feetech, "STS series memory table", special byte "status"."""

Bits = NDArray[np.int_]

_PASSING = VOLTAGE | OVERHEAT


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the registers allow; every array is `(n,)`."""

    lowest_voltage: Vector
    """Smallest supply voltage [V]."""
    highest_voltage: Vector
    """Largest supply voltage [V]."""
    hottest: Vector
    """Largest temperature [°C]."""
    overload: Vector
    """Duty that is an overload, 0..1."""
    overload_time: Vector
    """How long it may last [s]."""
    overcurrent: Vector
    """Current that is too much [A]."""
    overcurrent_time: Vector
    """How long it may flow [s]."""


class Guard:
    """Notices what begins and what ends, at every step.

    Voltage and temperature are told of while they last. Overload and overcurrent, once they lasted
    for their time, are told of once; when they end is for the servo to say.
    """

    def __init__(self, n: int) -> None:
        """Watch `n` servos that are well."""
        self._pushing: Vector = np.zeros(n)
        self._flowing: Vector = np.zeros(n)
        self._before: Bits = np.zeros(n, np.int_)

    def watch(self, sense: Sense, limits: Limits, seconds: float) -> tuple[Bits, Bits]:
        """Look at a step of `seconds`; return the status bits that begin, and those that end."""
        duty, current = np.abs(sense.duty), np.abs(sense.current)
        strained = (duty > 0.0) & (duty >= limits.overload)
        flooded = (current > 0.0) & (current >= limits.overcurrent)
        self._pushing = (self._pushing + seconds) * strained
        self._flowing = (self._flowing + seconds) * flooded
        voltage = (sense.voltage < limits.lowest_voltage) | (sense.voltage > limits.highest_voltage)
        now = voltage * VOLTAGE | (sense.temperature > limits.hottest) * OVERHEAT
        now |= (self._pushing > limits.overload_time) * OVERLOAD
        now |= (self._flowing > limits.overcurrent_time) * OVERCURRENT
        begun, ended = now & ~self._before, self._before & ~now & _PASSING
        self._before = now
        return begun, ended
