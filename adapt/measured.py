"""`measured_episodes`: what a task's reward was on the robot, from its log alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.tasks.task import Task, total
from ashore.hardware.contract import Signals
from ashore.hardware.logs.log import Log

Array = NDArray[np.float64]

HELD_OUT = 1.0 / 3.0
"""Share of a log that no fit sees: whole episodes, if there are three."""


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One stretch of a log in which a policy ran."""

    plan: Array
    """The task's plan, `(k,)`."""
    rows: slice
    """Its policy steps in the log."""
    begin: float
    """Time of its first step [s]."""
    end: float
    """Time of its last step [s]."""
    reward: float
    """Mean reward per step."""

    @property
    def seconds(self) -> float:
        """How long it lasted [s]."""
        return self.end - self.begin


def measured_episodes(log: Log, task: Task) -> list[Episode]:
    """Cut a log into its episodes and compute each one's reward, as in simulation.

    Raises:
        AdaptError: the log is of another task, holds no policy at work, or lacks what the reward
            is made of.
    """
    marks = [e for e in log.events if e.kind == "state"]
    episodes = []
    for index, mark in enumerate(marks):
        if mark.text != "running":
            continue
        if mark.data.get("task") != task.name:
            raise AdaptError(
                f"{log.path} is of task {mark.data.get('task')!r} and the policy's is "
                f"{task.name!r}; give a log that this policy recorded"
            )
        until = marks[index + 1].time if index + 1 < len(marks) else np.inf
        episode = _episode(log, task, mark.time, until, np.array(mark.data["plan"]))
        if episode:
            episodes.append(episode)
    if not episodes:
        raise AdaptError(
            f"{log.path} holds no episode of a policy; record one with `ashore record`"
        )
    return episodes


def _episode(log: Log, task: Task, begin: float, end: float, plan: Array) -> Episode | None:
    steps = log.policy
    rows = np.flatnonzero((steps.time >= begin) & (steps.time < end))
    if len(rows) < 3:
        return None
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    sensed = {name: value[part] for name, value in steps.signals.items()}
    try:
        reward = earned(task, task.measured(sensed), steps.action[part])
    except KeyError as missing:
        raise AdaptError(
            f"{log.path} does not hold {missing}, which the reward of task {task.name!r} is made "
            "of and no sensor of this robot measures; only a simulation knows it"
        ) from None
    return Episode(
        plan=plan,
        rows=part,
        begin=float(steps.time[part.start]),
        end=float(steps.time[part.stop - 1]),
        reward=float(reward.mean()),
    )


def earned(task: Task, signals: Signals, action: NDArray[np.float32]) -> Array:
    """Reward of each control step but the last, whose outcome no row shows, `(T - 1,)`.

    Args:
        task: what was done.
        signals: all that the reward is made of, `(T, k)` each.
        action: what the policy said, `(T, na)`.

    Raises:
        KeyError: a signal is absent.
    """
    said = np.clip(action, -1.0, 1.0).astype(np.float64)
    previous = np.concatenate([np.zeros_like(said[:1]), said[:-2]])
    after = {name: value[1:] for name, value in signals.items()}
    return total(task.reward(after, said[:-1], previous))
