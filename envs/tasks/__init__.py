"""What a robot is asked to do. These modules need numpy alone, so they run on the robot too."""

from collections.abc import Callable

from ashore.envs.errors import TaskError
from ashore.envs.tasks.reach import Reach
from ashore.envs.tasks.swing_up import SwingUp
from ashore.envs.tasks.task import Task
from ashore.envs.tasks.track import Track
from ashore.envs.tasks.walk import Walk
from ashore.hardware.spec import RobotSpec

TASKS: dict[str, Callable[[RobotSpec], Task]] = {
    "track": Track,
    "swing_up": SwingUp,
    "walk": Walk,
    "reach": Reach,
}
"""Tasks by name; each is made for a robot."""


def make_task(name: str, spec: RobotSpec) -> Task:
    """Make a task for the robot of `spec`.

    Raises:
        TaskError: no such task; the message lists those that exist.
    """
    if name not in TASKS:
        raise TaskError(f"no task {name!r}; there are: {', '.join(TASKS)}")
    return TASKS[name](spec)
