"""Ranges wider or narrower than stated, about what leaves the nominal robot as it is."""

from dataclasses import replace

import numpy as np

from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term


def neutral(term: Term, world: ParameterSet) -> float:
    """Number of a term that leaves the nominal value as it is, or its end next to that."""
    columns = world.select(term.parameter, term.on, term.each).columns
    nominal = float(np.mean(world.nominal(term.parameter)[columns]))
    untouched = {"scale": 1.0, "add": 0.0, "set": nominal}[term.operation]
    return min(term.high, max(term.low, untouched))


def stretched(term: Term, middle: float, low: float, high: float) -> Term:
    """The term with its lower and upper end at these shares of their way from `middle`."""
    return replace(
        term,
        low=middle + low * (term.low - middle),
        high=middle + high * (term.high - middle),
    )


def widened(ranges: Randomization, world: ParameterSet, share: float) -> Randomization:
    """All ranges at a share of their width, more than 1 for wider ones, within what is physical.

    Raises:
        ModelError: several terms on one parameter leave what is physical together.
    """
    found = Randomization(terms=tuple(_within(term, world, share) for term in ranges.terms))
    found.check(world)
    return found


def _within(term: Term, world: ParameterSet, share: float) -> Term:
    moved = stretched(term, neutral(term, world), share, share)
    columns = world.select(term.parameter, term.on, term.each).columns
    nominal, parameter = world.nominal(term.parameter)[columns], world.parameters[term.parameter]
    low, high = parameter.low, parameter.high
    if term.operation == "add":
        low, high = low - float(nominal.min()), high - float(nominal.max())
    elif term.operation == "scale":
        if not (nominal > 0.0).all():
            return moved
        low, high = low / float(nominal.min()), high / float(nominal.max())
    return replace(moved, low=max(moved.low, low), high=min(moved.high, high))
