"""`Profile`: the trapezoids on which servos lead their goals from where they are."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.plant import Vector
from ashore.envs.twin.servos.settings import Settings

_HERE = 1e-9


class Profile:
    """Position and velocity that `n` servos ask of themselves, `(n,)`, along the shaft.

    With the speed `V` and the acceleration `A` of a profile and the way `d` still to go:

        v <- v held within ±A dt of sign(d) min(V, sqrt(2 A |d|))

    so that it speeds up, cruises and slows down to rest at the goal. `V` of 0 counts is a step,
    `A` of 0 counts is a rectangle. A profile by time takes `T`, of which `t` for speeding up and
    `t` for slowing down: V = d / (T - t), A = V / t.

    Source: ROBOTIS e-manual, "Profile Acceleration (108)", "Profile Velocity (112)".
    """

    def __init__(self, position: Vector) -> None:
        """Rest at `position` [rad]."""
        self.position, self.velocity = position.copy(), np.zeros(len(position))
        self._goal = position.copy()
        self._speed, self._acceleration = np.full((2, len(position)), np.inf)

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Which have not come to their goal."""
        return np.abs(self._goal - self.position) > _HERE

    def restart(self, rest: NDArray[np.bool_], position: Vector) -> None:
        """Rest those of `rest` at `position` [rad]."""
        np.copyto(self.position, position, where=rest)
        np.copyto(self._goal, position, where=rest)
        self.velocity[rest] = 0.0

    def step(self, settings: Settings, seconds: float) -> Vector:
        """Advance by `seconds` and return where the goals have been led to [rad]."""
        self._plan(settings)
        left = self._goal - self.position
        with np.errstate(invalid="ignore"):
            braking = np.sqrt(2.0 * self._acceleration * np.abs(left))
        wish = np.sign(left) * np.minimum(self._speed, np.where(left == 0.0, 0.0, braking))
        change = self._acceleration * seconds
        self.velocity = np.clip(wish, self.velocity - change, self.velocity + change)
        way = self.velocity * seconds
        arrives = (np.abs(way) >= np.abs(left)) & (np.sign(way) == np.sign(left))
        arrives &= np.abs(self.velocity) <= braking + change
        self.position = np.where(arrives, self._goal, self.position + np.where(arrives, 0.0, way))
        self.velocity[arrives] = 0.0
        return self.position

    def _plan(self, settings: Settings) -> None:
        """Take over goals, and the speed and acceleration on the way there."""
        new = settings.goal != self._goal
        np.copyto(self._goal, settings.goal)
        timed = settings.by_time
        np.copyto(self._speed, settings.speed, where=~timed)
        np.copyto(self._acceleration, settings.acceleration, where=~timed)
        for i in np.flatnonzero(new & timed):
            way, whole = abs(self._goal[i] - self.position[i]), settings.speed[i]
            rising = settings.acceleration[i]
            self._speed[i] = way / (whole - rising) if whole else np.inf
            self._acceleration[i] = self._speed[i] / rising if rising else np.inf
