"""`Likeness`: which robots are alike, as far as their logs tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import norm

from ashore.adapt.diagnose.diagnosis import Finding
from ashore.adapt.interval import LEVEL

Array = NDArray[np.float64]

WIDTH = 2.0 * float(norm.ppf(0.95))
"""Width of a finding's 90 % interval in standard deviations."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How clearly the parameters of `n` robots differ, any two of them.

    A parameter that the logs of both tell differs clearly if the difference is beyond what its two
    standard deviations make likely: of two equal robots, none is called different with probability
    `LEVEL`, by Bonferroni.
    """

    names: tuple[str, ...]
    """The robots."""
    difference: Array
    """Of the parameter that differs most clearly, beside what is clear, `(n, n)`: above 1 it is."""
    clearest: Mapping[tuple[str, str], str]
    """That parameter with both values, in words, of every two robots that differ clearly."""

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Robots of which no two differ clearly; largest first.

        Source: complete linkage, Sorensen 1948, as scipy.cluster.hierarchy has it.
        """
        if len(self.names) == 1:
            return (self.names,)
        label = fcluster(linkage(squareform(self.difference), "complete"), 1.0, "distance")
        found = [
            tuple(name for name, own in zip(self.names, label, strict=True) if own == each)
            for each in dict.fromkeys(label.tolist())
        ]
        return tuple(sorted(found, key=len, reverse=True))

    def apart(self, name: str) -> str:
        """What sets a robot apart from the one that it differs from most; empty if nothing does."""
        row = self.difference[self.names.index(name)]
        other = self.names[int(row.argmax())]
        return self.clearest.get((name, other), "")


def likeness(found: Mapping[str, Sequence[Finding]]) -> Likeness:
    """Compare robots by what their logs told of them."""
    names = tuple(found)
    told = {
        name: {finding.parameter: finding for finding in findings if finding.told}
        for name, findings in found.items()
    }
    difference = np.zeros((len(names), len(names)))
    clearest: dict[tuple[str, str], str] = {}
    for row, one in enumerate(names):
        for column, other in enumerate(names[:row]):
            both = [(told[one][key], told[other][key]) for key in told[one] if key in told[other]]
            if not both:
                continue
            clear = float(norm.ppf(1.0 - 0.5 * (1.0 - LEVEL) / len(both)))
            apart = [_deviations(*pair) / clear for pair in both]
            most = int(np.argmax(apart))
            difference[row, column] = difference[column, row] = apart[most]
            if apart[most] > 1.0:
                mine, theirs = both[most]
                clearest[one, other] = _said(mine, theirs, other)
                clearest[other, one] = _said(theirs, mine, one)
    return Likeness(names=names, difference=difference, clearest=clearest)


def _deviations(one: Finding, other: Finding) -> float:
    """By how many standard deviations of their difference two findings differ."""
    spread = np.hypot(one.high - one.low, other.high - other.low) / WIDTH
    return abs(one.value - other.value) / max(float(spread), 1e-12)


def _said(mine: Finding, theirs: Finding, whose: str) -> str:
    unit = "" if mine.unit == "-" else f" {mine.unit}"
    return f"{mine.parameter} {mine.value:.3g}{unit}, of {whose} {theirs.value:.3g}{unit}"
