"""`Privileged`: what a critic may know of simulated robots, and no robot knows of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

MANY = 4
"""Numbers of one term beyond which only their mean is told."""
TRUTH = {"true_velocity": 2.5, "true_gyro": 0.5, "true_gravity": 2.0, "true_height": 10.0}
"""Signals of a free base that no sensor gives, and what they are multiplied by."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One number that is told of each robot: the mean of some elements of a parameter."""

    parameter: str
    """Name of the parameter."""
    columns: Ids
    """The elements."""
    middle: float
    """Middle of their range."""
    half: float
    """Half of the range: told is `(mean - middle) / half`, -1..1 within it."""
    changing: bool
    """Whether it changes during an episode."""


class Privileged:
    """Parameters that a randomization varies, in its own ranges, and the base's true motion.

    A term gives a number for each of its draws, or one mean where they are many. The layout is that
    of the randomization alone: robots from elsewhere, such as a posterior, are told in its ranges.

    Source: Pinto et al., "Asymmetric actor critic for image-based robot learning", RSS 2018.
    """

    def __init__(self, world: ParameterSet, ranges: Randomization) -> None:
        """Lay out what `ranges` varies in `world`."""
        self._world = world
        self.told = tuple(each for each in _told(world, ranges) if each.half > 0.0)
        self._changing = [i for i, each in enumerate(self.told) if each.changing]
        self._known = np.zeros((world.batch.nsim, len(self.told)), np.float32)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter of each number that is told."""
        return tuple(each.parameter for each in self.told)

    def size(self, signals: Mapping[str, Array]) -> int:
        """Numbers told of a robot whose task has `signals`."""
        return int(self.tell(signals).shape[1])

    def look(self, ids: Ids) -> None:
        """Look at the parameters of robots `ids`, which have just begun an episode."""
        for i in range(len(self.told)):
            self._known[ids, i] = self._read(i, ids)

    def tell(self, signals: Mapping[str, Array], ids: Ids | None = None) -> NDArray[np.float32]:
        """Tell all that is known now, `(n, k)`: parameters, then true motion.

        Args:
            signals: those of this tick, of the robots asked about.
            ids: the robots; None for all.
        """
        for i in self._changing:
            self._known[:, i] = self._read(i, slice(None))
        known = self._known if ids is None else self._known[ids]
        truth = [signals[name] * scale for name, scale in TRUTH.items() if name in signals]
        return np.concatenate([known, *truth], axis=1, dtype=np.float32)

    def _read(self, i: int, ids: Ids | slice) -> Array:
        each = self.told[i]
        mean = self._world.values(each.parameter)[ids][:, each.columns].mean(axis=1)
        return np.asarray((mean - each.middle) / each.half)


def _told(world: ParameterSet, ranges: Randomization) -> list[Told]:
    reach = ranges.reach(world)
    found: dict[tuple[str, tuple[int, ...]], Told] = {}
    for term in ranges.terms:
        selection = world.select(term.parameter, term.on, term.each)
        shares = range(selection.draws) if selection.draws <= MANY else (None,)
        low, high = reach[term.parameter]
        for share in shares:
            mine = selection.share == share if share is not None else slice(None)
            columns = selection.columns[mine]
            bottom, top = float(low[columns].mean()), float(high[columns].mean())
            found[term.parameter, tuple(columns.tolist())] = Told(
                parameter=term.parameter,
                columns=columns,
                middle=(bottom + top) / 2.0,
                half=(top - bottom) / 2.0,
                changing=term.mode == "interval",
            )
    return list(found.values())
