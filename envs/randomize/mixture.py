"""`Mixture`: robots from two sources, so that tuning for one does not forget the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Source
from ashore.envs.randomize.term import Term


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Each robot comes from `second` with probability `share`, else from `first`.

    A parameter that only one of them draws is nominal for the other's robots.
    """

    first: Source
    """The source of most robots."""
    second: Source
    """The source of the others."""
    share: float
    """Probability of the second source, 0..1."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that either draws."""
        return tuple(sorted({*self.first.names, *self.second.names}))

    @property
    def changing(self) -> tuple[Term, ...]:
        """What changes during an episode of any robot: what changes with either."""
        return (*self.first.changing, *self.second.changing)

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, NDArray[np.float64]]:
        """Draw robots."""
        second = dice.uniform() < self.share
        ours, theirs = self.first.draw(world, dice), self.second.draw(world, dice)
        values = {}
        for name in self.names:
            nominal = world.nominal(name)
            values[name] = np.where(second, theirs.get(name, nominal), ours.get(name, nominal))
        return values
