"""`Separation`: which windows are learned from, which are held out, and what to think of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.grouping import Grouping, Unit, grouping, supports
from ashore.adapt.probe.kind import Kind, numbers
from ashore.adapt.probe.labelled_window import LabelledWindows

Ids = NDArray[np.intp]

HELD_OUT = 1.0 / 3.0
"""Share of the groups of each class that is held out."""
FEW = 6
"""Held-out groups below which their interval is to be taken with care."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Windows to learn from, and windows to be judged by, of other groups."""

    learning: Ids
    """Rows that are learned from."""
    held_out: Ids
    """Rows that are held out."""
    group: Ids
    """Group of each window, `(n,)`."""
    unit: Unit
    """What a group is."""
    doubts: tuple[str, ...]
    """Sentences on what the held-out figures don't show."""


def separate(windows: LabelledWindows, kind: Kind, seed: int = 0) -> Separation:
    """Hold whole logs out, or else episodes, or else labelled stretches.

    Raises:
        AdaptError: there is not enough of something; it says of what.
    """
    found = grouping(windows, kind)
    kept = _some_of_each(windows, found, seed) if kind == "class" else _between(windows, found)
    held = np.isin(found.group, kept)
    return Separation(
        learning=np.flatnonzero(~held),
        held_out=np.flatnonzero(held),
        group=found.group,
        unit=found.unit,
        doubts=_doubts(windows, found, kind, len(kept)),
    )


def _some_of_each(windows: LabelledWindows, found: Grouping, seed: int) -> list[int]:
    """A third of the groups of each class, the rarest first; every class stays to be learned."""
    rng = np.random.default_rng(seed)
    labels = np.unique(windows.label)
    owners = {str(x): set(found.group[windows.label == x].tolist()) for x in labels}
    kept: set[int] = set()
    for label in sorted(owners, key=lambda x: (len(owners[x]), x)):
        mine = owners[label]
        wanted = max(1, round(HELD_OUT * len(mine)))
        for group in rng.permutation(sorted(mine - kept)).tolist():
            if len(mine & kept) >= wanted:
                break
            if all(other - kept - {group} for other in owners.values() if group in other):
                kept.add(group)
        if not mine & kept:
            raise AdaptError(
                f"no {found.unit} of class {label!r} can be held out without another class losing "
                f"its last; record another {found.unit} of each class"
            )
    return sorted(kept)


def _between(windows: LabelledWindows, found: Grouping) -> list[int]:
    """Every third group in the order of its mean label, from the second on."""
    value = numbers(windows.label.tolist())
    count = np.bincount(found.group)
    order = np.argsort(np.bincount(found.group, value) / count, kind="stable")
    return sorted(order[1::3].tolist())


def _doubts(
    windows: LabelledWindows, found: Grouping, kind: Kind, kept: int
) -> tuple[str, ...]:
    doubts = []
    if kind == "class":
        for label in np.unique(windows.label).tolist():
            if supports(windows, label, "log") == 1:
                doubts.append(
                    f"{label} is in one log only: the head may know that log rather than {label}"
                )
    if found.unit == "stretch":
        doubts.append(
            "no whole episode could be held out: the figures are of other stretches of the same "
            "episodes"
        )
    if kept < FEW:
        doubts.append(
            f"only {kept} {plural(found.unit)} are held out: the intervals are rough"
        )
    return tuple(doubts)


def plural(unit: Unit) -> str:
    """Several of a unit."""
    return {"log": "logs", "episode": "episodes", "stretch": "stretches"}[unit]
