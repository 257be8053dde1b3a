"""`Coverage`: what robots were asked to do, and what they were, for how many control steps."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

QUARTERS = 4


class Quarters:
    """Which quarter of its stated range each parameter of a robot is in.

    The range of a parameter is all that the terms on it can make of it together. A term that is
    drawn again and again during an episode has none, and neither has an element that cannot vary.
    """

    def __init__(self, world: ParameterSet, ranges: Randomization) -> None:
        """Lay out what `ranges` varies in `world` from episode to episode."""
        reach = ranges.reach(world)
        found: dict[tuple[str, tuple[int, ...]], str] = {}
        for term in ranges.terms:
            low, high = reach[term.parameter]
            columns = world.select(term.parameter, term.on, term.each).columns
            columns = columns[low[columns] < high[columns]]
            if term.mode != "interval" and len(columns):
                found.setdefault((term.parameter, tuple(columns.tolist())), term.title)
        self.titles = tuple(found.values())
        self._parts = [(name, np.array(columns, dtype=np.intp)) for name, columns in found]
        ends = [(reach[name][0][columns], reach[name][1][columns]) for name, columns in self._parts]
        self._low = np.concatenate([low for low, _ in ends] or [np.zeros(0)])
        self._span = np.concatenate([high - low for low, high in ends] or [np.zeros(0)])
        widths = [len(columns) for _, columns in self._parts]
        self.term = np.repeat(np.arange(len(widths)), widths)
        """Number of the title that each column belongs to, `(c,)`."""

    def of(self, values: Mapping[str, Array]) -> Ids:
        """Quarters 0 to 3 of robots with `values`, each `(m, width)`: `(m, c)`."""
        rows = [values[name][:, columns] for name, columns in self._parts]
        flat = np.concatenate(rows, axis=1) if rows else np.zeros((0, 0))
        share = (flat - self._low) / self._span
        return np.asarray(np.clip(QUARTERS * share, 0, QUARTERS - 1).astype(np.intp))

    def mean(self, quarters: Ids, of: Array) -> dict[str, list[float | None]]:
        """Mean of a number `of` each robot, `(m,)`, in each quarter of each parameter, by title.

        None stands for a quarter that nobody was in.
        """
        found: dict[str, list[float | None]] = {}
        for i, title in enumerate(self.titles):
            masks = [quarters[:, self.term == i] == quarter for quarter in range(QUARTERS)]
            found[title] = [
                float((mask * of[:, None]).sum() / mask.sum()) if mask.any() else None
                for mask in masks
            ]
        return found


class Coverage:
    """Control steps that training lived through, by kind of episode and quarter of each range."""

    def __init__(self, world: ParameterSet, ranges: Randomization) -> None:
        """Begin with nothing."""
        self._world, self._quarters = world, Quarters(world, ranges)
        self._names = ranges.names
        self.steps = 0
        self.kinds: dict[str, int] = {}
        self._counts = np.zeros((len(self._quarters.term), QUARTERS), dtype=np.int64)

    def add(
        self, ids: Ids, lived: NDArray[np.int64], kinds: Mapping[str, NDArray[np.bool_]]
    ) -> None:
        """Take note of episodes of robots `ids`, before their parameters are drawn anew.

        Args:
            ids: the robots, `(m,)`.
            lived: control steps of each, `(m,)`.
            kinds: kinds of episode, each a mask `(m,)`.
        """
        self.steps += int(lived.sum())
        for kind, mask in kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + int(lived[mask].sum())
        if not self._quarters.titles:
            return
        values = {name: self._world.values(name)[ids] for name in self._names}
        quarters = self._quarters.of(values)
        for quarter in range(QUARTERS):
            self._counts[:, quarter] += lived @ (quarters == quarter)

    def __deepcopy__(self, memo: dict[int, object]) -> "Coverage":
        """Copy the counts; the world is shared."""
        other = copy.copy(self)
        other.kinds, other._counts = dict(self.kinds), self._counts.copy()
        return other

    def alone(self) -> "Coverage":
        """The counts without the world, to be sent and added up; nothing is added to it."""
        other = copy.copy(self)
        del other._world
        return other

    @staticmethod
    def joined(parts: Sequence["Coverage"]) -> "Coverage":
        """The counts of all parts together, of the same ranges."""
        whole = copy.copy(parts[0])
        whole.steps = sum(part.steps for part in parts)
        whole.kinds = {
            kind: sum(part.kinds.get(kind, 0) for part in parts)
            for kind in dict.fromkeys(kind for part in parts for kind in part.kinds)
        }
        whole._counts = np.sum([part._counts for part in parts], axis=0)
        return whole

    def shares(self) -> dict[str, float]:
        """Share of all control steps that each kind of episode had."""
        return {kind: steps / max(1, self.steps) for kind, steps in self.kinds.items()}

    def quarters(self) -> dict[str, list[float]]:
        """Share of all control steps in each quarter of each parameter's range, by title."""
        shares = self._counts / max(1, self.steps)
        return {
            title: shares[self._quarters.term == i].mean(axis=0).tolist()
            for i, title in enumerate(self._quarters.titles)
        }
