"""`FeetechSettings`: what the registers of a chain of servos say, for every physics step."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.feetech.feetech_memory import PWM, VELOCITY
from ashore.envs.twin.feetech.feetech_servo import FeetechServo
from ashore.envs.twin.feetech.goal_ramp import UNLIMITED
from ashore.envs.twin.feetech.guard import Limits
from ashore.envs.twin.plant import Drive, Vector


class FeetechSettings:
    """Registers of `n` servos in SI units, read once; every array is `(n,)`."""

    def __init__(self, servos: Sequence[FeetechServo]) -> None:
        """Read everything."""
        self._servos = servos
        self.goal = np.zeros(len(servos))
        """Goals written, within the position limits [rad]."""
        self.speed = self._unless_zero("goal_velocity")
        """Largest speed of a goal in force [rad/s]."""
        self.acceleration = self._unless_zero("acceleration")
        """Its largest acceleration [rad/s²]."""
        mode = self._each(lambda servo: servo.mode)
        self.turning = mode == VELOCITY
        """Whose goals in force run on."""
        self.course = np.sign(self._column("goal_velocity", 0.0))
        """Which way those do: -1, 0 or 1."""
        self.drive = self._drive(mode == PWM)
        """What the motors are told, before goals are ramped."""
        self.limp = ~self.drive.torque_enabled
        """Whose power stage is off."""
        led = (self.speed < UNLIMITED) | (self.acceleration < UNLIMITED) | self.turning
        self.ramped = bool((led & ~self.limp).any())
        """Whether any goal in force is not simply the one written."""
        self.limits = self._limits()
        """What the guard watches over."""
        self.read_goals()

    def read_goals(self) -> None:
        """Read the goals alone."""
        self.goal = self._each(lambda servo: servo.goal)
        self.drive.goal = self.goal

    def _drive(self, direct: NDArray[np.bool_]) -> Drive:
        servos = self._servos
        most = self._each(lambda servo: servo.largest_duty)
        asked = np.clip(self._column("goal_time", 0.0), -most, most)
        gains = [0.0 if s.braking else s.memory.si("position_p_gain") for s in servos]
        return Drive(
            torque_enabled=np.array([servo.powered for servo in servos]),
            goal=self.goal,
            p_gain=np.array(gains),
            pwm_limit=most,
            current_limit=np.full(len(servos), np.inf),
            duty=np.where(direct, asked, np.nan) if direct.any() else None,
        )

    def _limits(self) -> Limits:
        most = self._column("max_torque", 1.0)
        return Limits(
            lowest_voltage=self._column("min_voltage_limit", 0.0),
            highest_voltage=self._column("max_voltage_limit", np.inf),
            hottest=self._column("temperature_limit", np.inf),
            overload=self._column("overload_torque", np.inf) * most,
            overload_time=self._column("protection_time", np.inf),
            overcurrent=self._column("current_limit", np.inf),
            overcurrent_time=self._column("overcurrent_time", np.inf),
        )

    def _each(self, value: Callable[[FeetechServo], float]) -> Vector:
        return np.array([value(servo) for servo in self._servos])

    def _column(self, name: str, default: float) -> Vector:
        return self._each(lambda servo: servo.memory.si(name, default))

    def _unless_zero(self, name: str) -> Vector:
        found = np.abs(self._column(name, 0.0))
        return np.where(found > 0.0, found, UNLIMITED)
