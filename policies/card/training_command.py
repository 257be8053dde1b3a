"""`training_command`: what to type to train a policy again."""

from collections.abc import Mapping
from typing import Any

from ashore.envs.randomize.randomization import Randomization
from ashore.hardware.spec import RobotSpec, shipped_robots
from ashore.policies.lesson import Lesson, RobotLesson

FOLDER, RANGES = "FOLDER", "ranges.toml"
"""What stands for a robot of one's own, and for ranges that are not the robot's."""


def training_command(lesson: Lesson, task: str, config: Mapping[str, Any]) -> str:
    """Markdown with the command, and what its names stand for.

    Args:
        lesson: what was learned, on the ranges that were stated.
        task: name of the contract's task.
        config: the training's.
    """
    robot = lesson.robot
    own = isinstance(robot, RobotSpec) and robot.name not in shipped_robots()
    given = not own and _has_ranges(lesson)
    asked = [f"ashore train {FOLDER if own else robot.name}"]
    asked.append(f"--seed {config['seed']} --steps {config['steps']}")
    if isinstance(robot, RobotSpec) and task != robot.task:
        asked.append(f"--task {task}")
    if given:
        asked.append(f"--ranges {RANGES}")
    if config["algorithm"] != "ppo":
        asked.append(f"--algorithm {config['algorithm']}")
    asked.append(f"--memory {config['network']['memory']}")
    if config["curriculum"]:
        asked.append("--curriculum")
    if isinstance(lesson, RobotLesson) and lesson.backend != "mujoco":
        asked.append(f"--backend {lesson.backend}")
    said = f"    {' '.join(asked)}"
    if own:
        said += f"\n\n`{FOLDER}` is the robot's: its spec, its model and its ranges."
    if given:
        said += f"\n\n`{RANGES}` holds the ranges above."
    return said


def _has_ranges(lesson: Lesson) -> bool:
    """Whether ranges were given that are not the robot's."""
    if isinstance(lesson.robot, RobotSpec):
        return lesson.randomization != Randomization.load(lesson.robot.name)
    return bool(lesson.randomization.terms)
