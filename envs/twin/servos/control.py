"""`Control`: what firmware does at every step between its registers and the power stage."""

import numpy as np

from ashore.envs.twin.plant import Drive, Sense, Vector
from ashore.envs.twin.servos.profile import Profile
from ashore.envs.twin.servos.rules import CURRENT, PWM, VELOCITY
from ashore.envs.twin.servos.settings import Settings

SAMPLE = 0.001
"""Period at which firmware sums and differences [s]; an assumption, no manual says."""


class Control:
    """Control loops of `n` servos, all modes at once.

        position      P on the error in the plant; here its profile, and what I and D add to the
                      error: sum(e) Ki/65536 / (Kp/128), change(e) Kd/16 / (Kp/128)
        velocity      duty = e Kp/128 + sum(e) Ki/65536, in counts of velocity and of PWM
        current       the whole duty towards the goal's sign, cut off at the goal's current
        PWM           the goal's duty

    Without a P gain, I and D have no effect. A servo whose bus watchdog ran out holds its
    position, or has no duty.
    """

    def __init__(self, settings: Settings, sense: Sense) -> None:
        """Begin at rest."""
        self.profile = Profile(sense.position)
        self.speed_goal: Vector = np.zeros(len(sense.position))
        """Goal velocity that the velocity mode has ramped to [rad/s]."""
        self._sum, self._speed_sum = np.zeros((2, len(sense.position)))
        self._drive: Drive | None = None
        self.obey(settings, sense)

    def obey(self, settings: Settings, sense: Sense) -> None:
        """Take over settings that changed; profiles start at goals in force, or where limp."""
        self._settings = settings
        if self._drive is not None:
            self._begin(self._drive, sense)
        mode = settings.mode
        self._direct = (mode == CURRENT) | (mode == VELOCITY) | (mode == PWM)
        led = np.isfinite(settings.speed) | settings.by_time
        extra = (settings.integral != 0.0) | (settings.damping != 0.0)
        self._stepless = not (settings.torque_enabled & (led | extra | self._direct)).any()
        self._extra = bool(extra.any())
        self._drive = None

    def drive(self, sense: Sense, seconds: float) -> Drive:
        """Return what the motors are told over the next `seconds`, after `sense`."""
        if self._stepless:
            self._drive = self._drive or self._plain(self._settings.goal)
            return self._drive
        limp = ~self._settings.torque_enabled
        self.profile.restart(limp, sense.position)
        goal = self.profile.step(self._settings, seconds)
        drive = self._plain(goal)
        if self._extra:
            drive.lead = self._lead(goal - sense.position, sense.velocity, seconds)
        if self._direct.any():
            self._direct_drive(drive, sense, seconds)
        return drive

    def _begin(self, drive: Drive, sense: Sense) -> None:
        """Let profiles begin where steps without any, under `drive`, have led."""
        self.profile.restart(drive.torque_enabled, drive.goal)
        self.profile.restart(~drive.torque_enabled, sense.position)
        self._sum[:] = 0.0

    def look(self, sense: Sense) -> None:
        """Bring the trajectories up to date, which steps without any leave as they are."""
        if self._stepless:
            self._begin(self._plain(self._settings.goal), sense)

    def _plain(self, goal: Vector) -> Drive:
        settings = self._settings
        return Drive(
            torque_enabled=settings.torque_enabled.copy(),
            goal=goal.copy(),
            p_gain=settings.p_gain,
            pwm_limit=settings.duty_limit,
            current_limit=settings.current_limit,
        )

    def _lead(self, error: Vector, velocity: Vector, seconds: float) -> Vector:
        """Return what the I and D gains add to position errors [rad]."""
        settings = self._settings
        self._sum += error * (seconds / SAMPLE)
        self._sum[~settings.torque_enabled] = 0.0
        # As much integral as would alone ask for half a turn of error, and no more.
        with np.errstate(divide="ignore"):
            most = np.where(settings.integral > 0.0, np.pi / settings.integral, 0.0)
        np.clip(self._sum, -most, most, out=self._sum)
        closing = (self.profile.velocity - velocity) * SAMPLE
        return settings.integral * self._sum + settings.damping * closing

    def _direct_drive(self, drive: Drive, sense: Sense, seconds: float) -> None:
        """Fill in the duty of those that no position law moves."""
        settings, mode = self._settings, self._settings.mode
        duty = np.full(len(mode), np.nan)
        current = mode == CURRENT
        duty = np.where(current, np.sign(settings.goal_current) * settings.duty_limit, duty)
        bound = np.minimum(np.abs(settings.goal_current), settings.full_current)
        drive.current_limit = np.where(current, bound, drive.current_limit)
        duty = np.where(mode == PWM, settings.goal_duty, duty)
        duty = np.where(mode == VELOCITY, self._speed_duty(sense, seconds), duty)
        drive.duty = np.where(settings.halted & self._direct, 0.0, duty)

    def _speed_duty(self, sense: Sense, seconds: float) -> Vector:
        settings = self._settings
        regulated = settings.torque_enabled & (settings.mode == VELOCITY)
        change = settings.acceleration * seconds
        goal = np.where(settings.halted, 0.0, settings.goal_velocity)
        self.speed_goal = np.clip(goal, self.speed_goal - change, self.speed_goal + change)
        self.speed_goal[~regulated] = 0.0
        error = self.speed_goal - sense.velocity
        more = settings.velocity_i * error * (seconds / SAMPLE)
        self._speed_sum = np.where(regulated, self._speed_sum + more, 0.0)
        limit = settings.duty_limit
        np.clip(self._speed_sum, -limit, limit, out=self._speed_sum)
        return np.clip(settings.velocity_p * error + self._speed_sum, -limit, limit)
