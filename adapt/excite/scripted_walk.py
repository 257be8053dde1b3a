"""`scripted_walk`: plans of the task walk that go every way a walker can, and stand."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.tasks.walk import FASTEST, SEGMENTS, SLOWEST

Array = NDArray[np.float64]

BOLD = 0.7
"""Share of the largest commands that is asked for: the robot is not known yet."""
SCRIPT = (
    ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)),
    ((0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)),
    ((1.0, 0.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0), (0.5, -1.0, 0.5)),
)
"""Commands of each episode, forward, leftward and yaw, as shares of the largest: standing, forward
at two speeds, back; to either side and around; and all of it at once."""


def scripted_walk(episodes: int) -> Array:
    """Plans of `episodes` episodes, `(episodes, 13)`; the script begins anew where it ends.

    Each begins at another phase of the trot than the last.
    """
    share = BOLD * np.array(SCRIPT).reshape(len(SCRIPT), SEGMENTS, 3)
    commands = np.where(share < 0.0, -share * SLOWEST, share * FASTEST).reshape(len(SCRIPT), -1)
    rows = [commands[index % len(SCRIPT)] for index in range(episodes)]
    phase = np.arange(episodes)[:, None] / max(episodes, 1)
    return np.concatenate([np.array(rows).reshape(episodes, -1), phase], axis=1)
