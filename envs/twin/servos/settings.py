"""`Settings`: what the registers of a chain of servos ask for, as every physics step needs it."""

import math
from collections.abc import Sequence

import numpy as np

from ashore.envs.twin.servos.rules import CURRENT_POSITION, VELOCITY
from ashore.envs.twin.servos.servo import TIME_BASED, Servo
from ashore.envs.twin.servos.servo_memory import ServoMemory


class Settings:
    """Registers of `n` servos in SI units, along the shaft; every array is `(n,)`.

    Source of the gains' divisors: ROBOTIS e-manual, "Velocity PI Gain (76, 78)", "Position PID
    Gain (80, 82, 84)".
    """

    def __init__(self, servos: Sequence[Servo]) -> None:
        """Read everything."""
        self._servos = servos
        n = len(servos)
        self.mode = np.zeros(n, np.int_)
        self.torque_enabled = np.zeros(n, np.bool_)
        self.halted = np.zeros(n, np.bool_)
        """Whether the bus watchdog holds it."""
        self.errors = np.zeros(n, np.int_)
        self.direction = np.ones(n)
        self.goal, self.goal_velocity = np.zeros(n), np.zeros(n)
        self.goal_current, self.goal_duty = np.zeros(n), np.zeros(n)
        self.duty_limit, self.current_limit = np.ones(n), np.full(n, np.inf)
        self.full_current = np.full(n, np.inf)
        """The limit register's, which mode 5 may stay below."""
        self.p_gain, self.integral, self.damping = np.zeros(n), np.zeros(n), np.zeros(n)
        """P register; what a sum of errors, and the change of one, weigh beside an error."""
        self.velocity_p, self.velocity_i = np.zeros(n), np.zeros(n)
        """Duty per rad/s of error, and per rad/s of a sum of them [s/rad]."""
        self.speed, self.acceleration = np.zeros(n), np.zeros(n)
        """The profile's [rad/s, rad/s²]; of a profile by time, seconds of it and of speeding up."""
        self.by_time = np.zeros(n, np.bool_)
        self.patience = np.full(n, np.inf)
        self.hottest, self.stall_speed = np.zeros(n), np.zeros(n)
        self.lowest_voltage, self.highest_voltage = np.zeros(n), np.zeros(n)
        self.refresh()

    def refresh(self) -> bool:
        """Take over what was written since last time; return whether anything was."""
        found = False
        for i, servo in enumerate(self._servos):
            changed = servo.memory.changed
            if not changed:
                continue
            found = True
            if changed == {"goal_position"}:
                self.goal[i] = servo.goal
            else:
                self._read(i, servo)
            changed.clear()
        return found

    def _read(self, i: int, servo: Servo) -> None:
        memory = servo.memory
        self.mode[i] = memory.get("operating_mode")
        self.torque_enabled[i], self.halted[i] = servo.powered, servo.tripped
        self.errors[i] = memory.get("hardware_error_status")
        self.direction[i] = servo.direction
        self._read_goals(i, servo)
        self._read_gains(i, memory)
        self._read_profile(i, memory)
        watchdog = memory.get("bus_watchdog") if memory.has("bus_watchdog") else 0
        armed = watchdog > 0 and servo.powered
        self.patience[i] = memory.table["bus_watchdog"].to_si(watchdog) if armed else math.inf
        self.hottest[i] = _si(memory, "temperature_limit")
        self.stall_speed[i] = _si(memory, "moving_threshold")
        self.lowest_voltage[i] = _si(memory, "min_voltage_limit")
        self.highest_voltage[i] = _si(memory, "max_voltage_limit")

    def _read_goals(self, i: int, servo: Servo) -> None:
        memory, direction = servo.memory, servo.direction
        self.goal[i] = servo.goal
        limit = _si(memory, "pwm_limit")
        duty = _si(memory, "goal_pwm")
        self.goal_duty[i] = direction * duty
        self.duty_limit[i] = min(limit, abs(duty), 1.0)
        self.goal_velocity[i] = direction * _si(memory, "goal_velocity")
        if memory.has("goal_current"):
            current = _si(memory, "goal_current")
            self.goal_current[i] = direction * current
            self.full_current[i] = _si(memory, "current_limit")
            bounded = memory.get("operating_mode") == CURRENT_POSITION
            self.current_limit[i] = min(self.full_current[i], abs(current) if bounded else math.inf)

    def _read_gains(self, i: int, memory: ServoMemory) -> None:
        p = memory.get("position_p_gain") / 128
        self.p_gain[i] = memory.get("position_p_gain")
        self.integral[i] = memory.get("position_i_gain") / 65536 / p if p else 0.0
        self.damping[i] = memory.get("position_d_gain") / 16 / p if p else 0.0
        scale = memory.table["goal_pwm"].scale / memory.table["goal_velocity"].scale
        self.velocity_p[i] = memory.get("velocity_p_gain") / 128 * scale
        self.velocity_i[i] = memory.get("velocity_i_gain") / 65536 * scale

    def _read_profile(self, i: int, memory: ServoMemory) -> None:
        """Read the profile; 0 counts mean at once."""
        speed, acceleration = memory.get("profile_velocity"), memory.get("profile_acceleration")
        self.by_time[i] = bool(memory.get("drive_mode") & TIME_BASED)
        if self.by_time[i]:
            self.speed[i] = speed * 0.001
            self.acceleration[i] = min(acceleration, speed / 2) * 0.001
            return
        self.speed[i] = _si(memory, "profile_velocity") if speed else math.inf
        if self.mode[i] == VELOCITY or speed:
            rate = _si(memory, "profile_acceleration") if acceleration else math.inf
            self.acceleration[i] = rate
        else:
            self.acceleration[i] = math.inf


def _si(memory: ServoMemory, name: str) -> float:
    return memory.table[name].to_si(memory.get(name))
