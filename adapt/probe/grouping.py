"""`Grouping`: which windows say nothing new of each other, and what may therefore be held out."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.kind import Kind, numbers
from ashore.adapt.probe.labelled_window import LabelledWindows

Ids = NDArray[np.intp]
Unit = Literal["log", "episode", "stretch"]

LEAST_WINDOWS = 8
"""Windows that a class must have."""
LEAST_NUMBERS = 3
"""Different numbers that a regression must have."""
LEAST_GROUPS = 4
"""Logs, episodes or stretches that a regression must have."""


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Neighbouring windows resemble one another; whole groups are learned from or held out."""

    unit: Unit
    """What a group is: the largest of log, episode and labelled stretch that there are enough of.
    """
    group: Ids
    """Group of each window, `(n,)`, from 0."""


def grouping(windows: LabelledWindows, kind: Kind) -> Grouping:
    """Find the largest unit that can be held out: every class must be in two.

    Raises:
        AdaptError: too few labels, windows of a class, or recordings that support one.
    """
    if kind == "class":
        _require_classes(windows)
    else:
        _require_numbers(windows)
    for unit in get_args(Unit):
        group = np.unique(getattr(windows, unit), return_inverse=True)[1]
        if not _lacking(windows, group, kind):
            return Grouping(unit=unit, group=group)
    raise AdaptError(_lacking(windows, np.unique(windows.stretch, return_inverse=True)[1], kind))


def supports(windows: LabelledWindows, label: str, unit: Unit) -> int:
    """How many logs, episodes or stretches hold windows of a label."""
    return len(np.unique(getattr(windows, unit)[windows.label == label]))


def _require_classes(windows: LabelledWindows) -> None:
    labels, count = np.unique(windows.label, return_counts=True)
    if len(labels) < 2:
        raise AdaptError(
            f"every window is labelled {str(labels[0])!r}; there is nothing to tell apart: "
            "label windows of another kind too"
        )
    for label, windows_of in zip(labels.tolist(), count.tolist(), strict=True):
        if windows_of < LEAST_WINDOWS:
            raise AdaptError(
                f"the class {label!r} has {windows_of} windows and needs {LEAST_WINDOWS}; record "
                "more of it, ask for shorter windows, or leave it out"
            )


def _require_numbers(windows: LabelledWindows) -> None:
    different = np.unique(numbers(windows.label.tolist()))
    if len(different) < LEAST_NUMBERS:
        raise AdaptError(
            f"the labels are only {', '.join(f'{x:g}' for x in different)}; a regression needs "
            f"{LEAST_NUMBERS} different numbers: record others, or give --kind class"
        )


def _lacking(windows: LabelledWindows, group: Ids, kind: Kind) -> str:
    """What speaks against holding out whole groups; empty if nothing does."""
    if kind == "number":
        count = len(np.unique(group))
        return (
            ""
            if count >= LEAST_GROUPS
            else f"the numbers come from {count} recordings and a regression needs {LEAST_GROUPS}, "
            "some to learn from and others to be held out; record more logs or episodes"
        )
    for label in np.unique(windows.label).tolist():
        if len(np.unique(group[windows.label == label])) < 2:
            return (
                f"the class {label!r} is supported by one recording only, and to learn from "
                "one half of it and be judged by the other would count how alike neighbours are; "
                "record it again, in another log or another episode"
            )
    return ""
