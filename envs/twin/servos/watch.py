"""`Watch`: what makes servos stop by themselves: a silent bus, heat, voltage and overload."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.plant import Drive, Sense, Vector
from ashore.envs.twin.servos.rules import CURRENT
from ashore.envs.twin.servos.servo import Servo
from ashore.envs.twin.servos.settings import Settings

VOLTAGE, OVERHEAT, OVERLOAD = 0, 2, 5
"""Bits of `hardware_error_status`."""
_SATURATED = 0.98
_ROUNDING = 1e-9


class Watch:
    """Timers of `n` servos."""

    def __init__(self, servos: Sequence[Servo], overload_seconds: float) -> None:
        """Begin at time 0, the bus just heard."""
        self._servos = servos
        self._overload_seconds = overload_seconds
        self._pushing: Vector = np.zeros(len(servos))
        self.fed_at = 0.0
        """When an instruction was last on the line [s]."""

    def silent(self, settings: Settings, now: float) -> list[Servo]:
        """Return the servos whose bus watchdog has run out by `now` [s]."""
        silence = now - self.fed_at - _ROUNDING
        if silence < settings.patience.min():
            return []
        return [self._servos[i] for i in np.flatnonzero(silence >= settings.patience).tolist()]

    def check(self, settings: Settings, drive: Drive, sense: Sense, seconds: float) -> None:
        """Report hardware errors that were not there before, after a step of `seconds`."""
        voltage = sense.voltage < settings.lowest_voltage
        voltage |= sense.voltage > settings.highest_voltage
        hot = sense.temperature > settings.hottest
        self._pushing = (self._pushing + seconds) * _saturated(settings, drive, sense)
        overload = self._pushing > self._overload_seconds
        bits = (voltage << VOLTAGE) | (hot << OVERHEAT) | (overload << OVERLOAD)
        new = bits & ~settings.errors
        for i in np.flatnonzero(new).tolist():
            for bit in (VOLTAGE, OVERHEAT, OVERLOAD):
                if new[i] >> bit & 1:
                    self._servos[i].fail(bit)


def _saturated(settings: Settings, drive: Drive, sense: Sense) -> NDArray[np.bool_]:
    """Return whose current is at its limit, or whose full duty does not turn the motor.

    In current mode the model's duty is full whatever is asked, so there only the current counts.
    """
    duty = np.abs(sense.duty)
    stalled = duty >= _SATURATED * drive.pwm_limit
    stalled &= np.abs(sense.velocity) < settings.stall_speed
    stalled &= settings.mode != CURRENT
    pushing = stalled | (np.abs(sense.current) >= _SATURATED * settings.full_current)
    return np.asarray(pushing & (duty > 0.0) & drive.torque_enabled)
