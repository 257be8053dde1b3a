"""`Walk`: one episode of a walker's log, as the estimator and the gate look at it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import HELD_OUT, measured_episodes
from ashore.adapt.policy_steps import observed
from ashore.adapt.walking.watched import sight
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """`T` control steps of a policy on the robot, one a tick."""

    source: str
    """Name of the log and number of the episode."""
    time: Array
    """Since the episode began, `(T,)` [s]."""
    plan: Array
    """The episode's plan, `(p,)`."""
    seen: NDArray[np.float32]
    """What `sight` makes of each step, `(T, k)`."""
    observation: NDArray[np.float32]
    """What the policy saw of it, `(T, no)`."""
    angle: Array
    """Measured joint angles, `(T, nj)` [rad]."""
    goal: Array
    """What the joints were told, `(T, nj)` [rad]."""
    counted: int = 0
    """First step that a held-out walk is judged from."""

    @property
    def seconds(self) -> float:
        """How long it lasted [s]."""
        return float(self.time[-1] - self.time[0])


def walks(log: Log, bundle: Bundle, task: Task) -> list[Walk]:
    """Cut a log into the walks of its episodes.

    Raises:
        AdaptError: it holds no policy at work, or lacks a signal that the reading needs.
    """
    found, looking, steps = [], sight(bundle), log.policy
    for index, episode in enumerate(measured_episodes(log, task)):
        signals = {name: value[episode.rows] for name, value in steps.signals.items()}
        if absent := sorted({term.signal for term in looking.terms} - set(signals)):
            raise AdaptError(
                f"{log.path} holds no {absent[0]}, which a walk is read by; "
                "record one with `ashore record`"
            )
        count = len(signals["joint_position"])
        time = steps.time[episode.rows] - steps.time[episode.rows.start]
        walk = Walk(
            source=f"{log.path.stem}, episode {index}",
            time=time,
            plan=episode.plan,
            seen=observed(looking, signals, count),
            observation=steps.observation[episode.rows],
            angle=np.asarray(signals["joint_position"], dtype=np.float64),
            goal=bundle.contract.act(steps.action[episode.rows], signals),
        )
        found.append(_even(walk, bundle.spec.rate))
    return found


def _even(walk: Walk, rate: float) -> Walk:
    """The same walk with one row a tick: a tick that was skipped repeats the one before."""
    ticks = np.round(walk.time * rate).astype(np.intp)
    rows = np.searchsorted(ticks, np.arange(ticks[-1] + 1), side="right") - 1
    return replace(
        walk,
        time=np.arange(len(rows)) / rate,
        seen=walk.seen[rows],
        observation=walk.observation[rows],
        angle=walk.angle[rows],
        goal=walk.goal[rows],
    )


def split(found: Sequence[Walk]) -> tuple[list[Walk], list[Walk]]:
    """Keep whole episodes back; of one or two, the last third of each."""
    if len(found) >= 3:
        kept = round(len(found) * (1.0 - HELD_OUT))
        return list(found[:kept]), list(found[kept:])
    borders = [round(len(walk.time) * (1.0 - HELD_OUT)) for walk in found]
    fitting = [_cut(walk, border) for walk, border in zip(found, borders, strict=True)]
    judged = [replace(walk, counted=at) for walk, at in zip(found, borders, strict=True)]
    return fitting, judged


def _cut(walk: Walk, border: int) -> Walk:
    return replace(
        walk,
        time=walk.time[:border],
        seen=walk.seen[:border],
        observation=walk.observation[:border],
        angle=walk.angle[:border],
        goal=walk.goal[:border],
    )
