"""`Intervals`: parameters that change again and again while an episode runs."""

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Source
from ashore.envs.randomize.term import Term

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


class Intervals:
    """Draws terms of mode interval for `n` robots, each at times of its own.

    A drawn value starts from what the episode began with, and lasts until the next draw or for the
    term's `hold`. A push is a force that is drawn and held for a moment.
    """

    def __init__(self, world: ParameterSet, source: Source, dice: Dice) -> None:
        """Prepare what changes in `source` for the robots that `dice` has streams for."""
        self._world, self._source, self.dice = world, source, dice
        terms = source.changing
        self._count = len(terms)
        shape = (len(dice), len(terms))
        self._next, self._until = np.full(shape, np.inf), np.full(shape, np.inf)
        self._clock = np.zeros(len(dice))
        self._soonest = np.full(len(dice), np.inf)
        self._began = {term.parameter: world.values(term.parameter).copy() for term in terms}
        self._every = np.array([term.every for term in terms]).reshape(-1, 2)

    def restart(self, ids: Ids) -> None:
        """Begin an episode on robots `ids`, with the values that they have now."""
        if not self._count:
            return
        self._clock[ids] = 0.0
        self._until[ids] = np.inf
        for name, began in self._began.items():
            began[ids] = self._world.values(name)[ids]
        self._next[ids] = self._waits(ids)
        self._look_ahead()

    def advance(self, seconds: float) -> None:
        """Let time pass, and change what is due."""
        if not self._count:
            return
        self._clock += seconds
        if not (self._clock >= self._soonest).any():
            return
        for i, term in enumerate(self._source.changing):
            over = np.flatnonzero(self._clock >= self._until[:, i])
            if len(over):
                self._until[over, i] = np.inf
                self._world.set(term.parameter, self._began[term.parameter][over], over)
                self._world.settle(over)
            due = np.flatnonzero(self._clock >= self._next[:, i])
            if len(due):
                self._next[due, i] = self._clock[due] + self._waits(due)[:, i]
                self._until[due, i] = self._clock[due] + term.hold
                self._change(term, due)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Note when each robot's next change is due."""
        self._soonest = np.minimum(self._next, self._until).min(axis=1)

    def _waits(self, ids: Ids) -> Array:
        low, high = self._every.T
        return self.dice.of(ids).uniform(low, high, self._count)

    def _change(self, term: Term, ids: Ids) -> None:
        selection = self._world.select(term.parameter, term.on, term.each)
        values = self._began[term.parameter][ids]
        unit = self.dice.of(ids).uniform(k=selection.draws)[:, selection.share]
        values[:, selection.columns] = term.of(values[:, selection.columns], unit)
        self._world.set(term.parameter, values, ids)
        self._world.settle(ids)
