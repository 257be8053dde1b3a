"""`EpisodeDraw`: the episodes of a comparison, with enough of each kind that somebody declared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.dice import Dice
from ashore.envs.tasks.task import Task

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

POOL = 2_048
"""Plans that are looked through at a time for those of a rare kind."""
POOLS = 16
"""How often, before a kind of episode is said to be too rare."""


@dataclass(frozen=True, kw_only=True)
class EpisodeDraw:
    """Plans as the task draws them, then further ones of each declared kind.

    Means over all commands are taken over the first `natural` plans alone, which are drawn as in
    training. The rows of a declared kind are an unbiased sample of that kind: those among the
    natural plans, and the first others of the kind, whatever else is declared.
    """

    plans: Array
    """The plans, `(n, k)`."""
    natural: int
    """How many of them, the first ones, were drawn without regard to their kind."""
    declared: Mapping[str, Rows]
    """Rows of each declared kind."""


def require_slices(task: Task, names: Sequence[str]) -> None:
    """Refuse a kind of episode that a task does not tell apart.

    Raises:
        AdaptError: the message lists those that there are.
    """
    known = task.slices(task.plan(Dice(0, 1)))
    for name in names:
        if name not in known:
            raise AdaptError(
                f"no slice {name!r} of task {task.name!r}; there are: {', '.join(known)}"
            )


def draw_episodes(
    task: Task, robots: int, declared: Sequence[str], each: int, seed: int
) -> EpisodeDraw:
    """Draw the plans of `robots` episodes, and of more until each declared kind has `each`.

    Raises:
        AdaptError: a declared kind does not exist, or is too rare to be drawn.
    """
    require_slices(task, declared)
    plans = task.plan(Dice(seed, robots, purpose="gate"))
    among = task.slices(plans)
    rows = {name: list(np.flatnonzero(among[name])) for name in dict.fromkeys(declared)}
    pool = robots
    while short := [name for name, found in rows.items() if len(found) < each]:
        if pool >= POOLS * POOL + robots:
            raise AdaptError(
                f"slice {short[0]!r} of task {task.name!r} comes up {len(rows[short[0]])} times in "
                f"{pool} plans, and {each} are needed; declare a more common one, or need fewer"
            )
        more = task.plan(Dice(seed, POOL, first=pool, purpose="gate"))
        pool += POOL
        plans = _take(plans, more, task.slices(more), {n: rows[n] for n in short}, each)
    return EpisodeDraw(
        plans=plans,
        natural=robots,
        declared={name: np.array(found, dtype=np.intp) for name, found in rows.items()},
    )


def _take(
    plans: Array,
    more: Array,
    kinds: Mapping[str, NDArray[np.bool_]],
    rows: Mapping[str, list[np.intp]],
    each: int,
) -> Array:
    """Put the first of `more` that are wanted behind `plans`, and their numbers into `rows`."""
    wanted = {
        name: np.flatnonzero(kinds[name])[: each - len(found)] for name, found in rows.items()
    }
    chosen = np.unique(np.concatenate([*wanted.values()]))
    for name, found in rows.items():
        found.extend(len(plans) + np.searchsorted(chosen, wanted[name]))
    return np.concatenate([plans, more[chosen]])
