"""`GoalRamp`: the goals in force of `n` servos, on their way to the goals written."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.twin.plant import Vector

UNLIMITED = 1e9
"""A speed or acceleration that no goal reaches [rad/s, rad/s²]."""


class GoalRamp:
    """Moves goals no faster than a speed, and no harder than an acceleration; arrays are `(n,)`.

    With the distance left `d`, the step `h`, speed `w` and acceleration `a`, a goal goes at

        min(w, |d| / h, sqrt((a h / 2)^2 + 2 a |d|) - a h / 2)

    or as near to that as `a` lets it: up to speed, along, and to a stop at the goal.
    """

    def __init__(self, position: Vector) -> None:
        """Rest at `position` [rad]."""
        self.position = position.copy()
        self.velocity = np.zeros_like(position)

    def step(self, goal: Vector, speed: Vector, acceleration: Vector, seconds: float) -> Vector:
        """Move on for `seconds`; return the goals in force, a new array [rad]."""
        left = goal - self.position
        reach, half = np.abs(left), 0.5 * acceleration * seconds
        braking = np.sqrt(half * half + 2.0 * acceleration * reach) - half
        wish = np.copysign(np.minimum(np.minimum(speed, braking), reach / seconds), left)
        self.velocity += np.clip(wish - self.velocity, -2.0 * half, 2.0 * half)
        self.position = self.position + self.velocity * seconds
        return self.position

    def rest(self, position: Vector, where: NDArray[np.bool_]) -> None:
        """Begin anew from `position` [rad], those servos that `where` says."""
        self.position = np.where(where, position, self.position)
        self.velocity[where] = 0.0
