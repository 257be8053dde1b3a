"""`folds`: how windows that are learned from are split once more, to choose how."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.intp]

MOST = 4
"""Folds, at most."""


def folds(kinds: Ids, group: Ids) -> Ids:
    """Fold of each window, `(n,)`, from 0: whole groups, those of each kind dealt out in turn.

    Where a kind has one group only, each group's windows are cut into blocks of time.

    Args:
        kinds: class of each window, `(n,)`; one for all in a regression.
        group: what it is a neighbour's of, `(n,)`.
    """
    groups, first = np.unique(group, return_index=True)
    if min(len(np.unique(group[kinds == kind])) for kind in np.unique(kinds)) < 2:
        return _blocks(group)
    order = groups[np.argsort(kinds[first], kind="stable")]
    turn = {int(g): place % min(MOST, len(groups)) for place, g in enumerate(order)}
    return np.array([turn[int(g)] for g in group])


def _blocks(group: Ids) -> Ids:
    """Blocks in the order of time within each group."""
    fold = np.zeros(len(group), dtype=np.intp)
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)
        fold[rows] = np.arange(len(rows)) * MOST // len(rows)
    return fold
