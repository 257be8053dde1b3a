"""`Layout`: terms laid out over all of a world's parameters, so that a draw is a few operations."""

from collections.abc import Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.term import Mode, Term

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


class Pass:
    """Terms of one mode that touch no element twice, over one row of all elements `(m,)`."""

    def __init__(self, mode: Mode) -> None:
        self.mode, self.draws = mode, 0
        self.parts: list[tuple[int, Term, Ids, Ids]] = []
        self._taken: set[int] = set()

    def take(self, index: int, term: Term, columns: Ids, share: Ids) -> bool:
        """Add a term, unless another is on one of its elements already."""
        if not self._taken.isdisjoint(columns.tolist()):
            return False
        self._taken.update(columns.tolist())
        self.parts.append((index, term, columns, share + self.draws))
        self.draws += int(share.max()) + 1
        return True

    def close(self) -> None:
        """Turn the terms into arrays."""
        repeats = [len(columns) for _, _, columns, _ in self.parts]
        terms = [term for _, term, _, _ in self.parts]
        self.columns = np.concatenate([columns for _, _, columns, _ in self.parts])
        self.share = np.concatenate([share for _, _, _, share in self.parts])
        self.low = np.repeat([term.low for term in terms], repeats)
        self.span = np.repeat([term.high - term.low for term in terms], repeats)
        self.scale = np.repeat([term.operation == "scale" for term in terms], repeats)
        self.add = np.repeat([term.operation == "add" for term in terms], repeats)

    def apply(self, flat: Array, unit: Array) -> None:
        """Operate with numbers `unit` `(n, m)`, 0..1, on the values `flat` `(n, all)`."""
        number = self.low + self.span * unit
        old = flat[:, self.columns]
        added = np.where(self.add, old + number, number)
        flat[:, self.columns] = np.where(self.scale, old * number, added)


class Layout:
    """Where each parameter's elements are in one row, and the passes that vary them."""

    def __init__(self, world: ParameterSet, terms: Sequence[Term], names: Sequence[str]) -> None:
        """Lay out the startup and reset terms among `terms`.

        Raises:
            ModelError: an unknown parameter or element; the message lists those that exist.
        """
        nominal = [world.nominal(name) for name in names]
        edges = np.cumsum([0, *(len(values) for values in nominal)]).tolist()
        begins = dict(zip(names, edges, strict=False))
        self.nominal = np.concatenate([*nominal, np.zeros(0)])
        self.slices = {
            name: slice(begin, begin + len(values))
            for (name, begin), values in zip(begins.items(), nominal, strict=True)
        }
        self.passes: list[Pass] = []
        for mode in ("startup", "reset"):
            chosen = [(i, term) for i, term in enumerate(terms) if term.mode == mode]
            for index, term in chosen:
                selection = world.select(term.parameter, term.on, term.each)
                columns = selection.columns + begins[term.parameter]
                if not self.passes or self.passes[-1].mode != mode:
                    self.passes.append(Pass(mode))
                if not self.passes[-1].take(index, term, columns, selection.share):
                    self.passes.append(Pass(mode))
                    self.passes[-1].take(index, term, columns, selection.share)
        for each in self.passes:
            each.close()
        each_draw = [
            (index, term, of)
            for each in self.passes
            for index, term, _, _ in each.parts
            for of in _owners(world, term)
        ]
        self.terms = np.array([index for index, _, _ in each_draw], dtype=np.intp)
        self.drawn = tuple((term, of) for _, term, of in each_draw)


def _owners(world: ParameterSet, term: Term) -> list[str]:
    """Whose each of a term's numbers is: an element's, a limb's, or everybody's."""
    selection = world.select(term.parameter, term.on, term.each)
    elements = world.parameters[term.parameter].elements
    found = []
    for share in range(selection.draws):
        mine = [elements[column] for column in selection.columns[selection.share == share]]
        words = zip(*(name.split("_") for name in mine), strict=False)
        shared = takewhile(lambda same: len(set(same)) == 1, words)
        found.append("_".join(word for word, *_ in shared))
    return found if len(found) > 1 else [""]
