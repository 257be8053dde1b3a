"""`Drive`: the velocity command of a walking robot, changed by whoever drives it."""

import numpy as np

from ashore.envs.tasks.task import Array
from ashore.envs.tasks.walk import FASTEST, ONSET, SEGMENTS, SLOWEST


class Drive:
    """A command that goes to what was asked for at the pace that walking was trained with.

    Commands are `(3,)`: forward and leftward velocity [m/s], yaw rate [rad/s]. From standing to the
    largest one takes `ONSET`, so that a key never is a step in the command.
    """

    def __init__(self) -> None:
        self.asked = np.zeros(3)
        self.now = np.zeros(3)

    def ask(self, command: Array) -> None:
        """Go to a command, as near as the task's limits allow."""
        self.asked = np.clip(command, SLOWEST, FASTEST)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        most = (FASTEST - SLOWEST) / (2.0 * ONSET) * seconds
        self.now = self.now + np.clip(self.asked - self.now, -most, most)

    def halt(self) -> None:
        """Begin from standing; what was asked for stays."""
        self.now = np.zeros(3)

    def write(self, plan: Array) -> None:
        """Make plans `(n, k)` of `Walk` command what holds now, all the time."""
        plan[:, :-1] = np.tile(self.now, SEGMENTS)
