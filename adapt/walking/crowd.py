"""`Crowd`: robots whose numbers are known, as a source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Robot `i` is row `i` of `units`, in turn."""

    ranges: Randomization
    """The ranges that the numbers lie in."""
    units: Array
    """Where in its range each number lies, `(n, draws)`, 0..1."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that the ranges are of."""
        return self.ranges.names

    @property
    def changing(self) -> tuple[Term, ...]:
        """What changes while an episode runs."""
        return self.ranges.changing

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """The robots of these streams: values by parameter, each `(n, width)`."""
        return self.ranges.values(world, self.units[dice.robots % len(self.units)])
