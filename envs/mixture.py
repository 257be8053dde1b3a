"""`Mixture`: robots from two sources, so that tuning for one does not forget the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.randomization import Source
from ashore.envs.simulation import Simulation


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

    def draw(
        self, simulation: Simulation, rng: np.random.Generator, n: int
    ) -> dict[str, NDArray[np.float64]]:
        """Draw `n` robots."""
        ours = self.first.draw(simulation, rng, n)
        theirs = self.second.draw(simulation, rng, n)
        second = rng.random((n, 1)) < self.share
        values = {}
        for name in sorted({*ours, *theirs}):
            nominal = np.array(simulation.parameters[name].value)
            values[name] = np.where(second, theirs.get(name, nominal), ours.get(name, nominal))
        return values
