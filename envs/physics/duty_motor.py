"""`DutyMotor`: servo firmware that sets the duty of a voltage-driven winding."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.motor_model import MotorModel
from ashore.envs.physics.servo_model import ServoModel
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


class DutyMotor(MotorModel):
    """Servo firmware in position mode, P only, that sets the duty of a voltage-driven winding.

    With counts of error `e`, P gain `P`, supply `V`, speed `w`, torque constant `k`:

        duty    = lag(clip(e P / divisor / pwm_counts, ±limit))
        current = clip((duty V - k w) / R, ±current_limit)

    The supply sags by `supply_resistance` times the current drawn from it, `duty * current`.

    Source: Duclusaud et al., arXiv 2410.08650 (control law); ROBOTIS e-Manual XL330-M288, Position
    PID Gain(80-84) and PWM(36).
    """

    def __init__(self, spec: RobotSpec, servos: list[ServoModel], n: int) -> None:
        self.pwm_counts = np.array([s.pwm_counts for s in servos])
        super().__init__(spec, servos, n)

    def prepare(self, seconds: float) -> None:
        """Derive the gain from error to duty, and how far the duty follows in a step."""
        super().prepare(seconds)
        p = self.values
        self._gain = self.counts * self.p_gain / (p["gain_divisor"] * self.pwm_counts)
        self._follow = seconds / (p["duty_lag"] + seconds)
        self._least = -p["current_limit"]
        self._most = 1.25 * p["supply_voltage"]

    def drive(self, error: Array, velocity: Array) -> Array:
        """Current in the winding [A], while the duty follows the error with its lag."""
        p = self.values
        gap = self._wish(error)
        gap -= self.duty
        gap *= self._follow
        self.duty += gap
        if self._limp:
            self.duty *= self.enabled
        current = self.duty * self.voltage
        current -= p["motor_constant"] * velocity
        current /= p["resistance"]
        return np.asarray(np.clip(current, self._least, p["current_limit"], out=current))

    def _wish(self, error: Array) -> Array:
        duty = error * self._gain
        return np.asarray(np.clip(duty, -self.pwm_limit, self.pwm_limit, out=duty))

    def settle(self, error: Array) -> None:
        """Begin as if position `error` had lasted: the duty's lag is over."""
        self.prepare(0.001)
        self.duty[:] = self._wish(error) * self.enabled

    def sag(self) -> None:
        """Let the supply follow the current just drawn, within what a supply can do."""
        p = self.values
        full = p["supply_voltage"]
        left = p["supply_resistance"] * self.duty
        left *= self.current
        np.subtract(full, left, out=left)
        self.voltage = np.clip(left, 0.0, self._most, out=left)
