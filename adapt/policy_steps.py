"""`episodes` and `observed`: the steps of a policy in a log, cut apart and seen again."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Contract, Memory, Signals
from ashore.hardware.logs.log_tables import PolicySteps

APART = 1.5
"""Control periods between two steps of a policy from which they are of two episodes."""


def episodes(steps: PolicySteps) -> Iterator[NDArray[np.intp]]:
    """Rows of each episode: a new one begins where the steps of a policy are interrupted."""
    period = float(np.median(np.diff(steps.time))) if len(steps) > 1 else 1.0
    gaps = np.flatnonzero(np.diff(steps.time) > APART * period) + 1
    yield from np.split(np.arange(len(steps)), gaps)


def observed(contract: Contract, signals: Signals, count: int) -> NDArray[np.float32]:
    """What a contract sees of `count` consecutive steps of one robot, `(count, no)`.

    Args:
        contract: what is seen.
        signals: by name, `(count, k)`.
        count: how many steps there are.
    """
    memory = Memory(contract, 1)
    rows = [
        contract.observe({name: value[row : row + 1] for name, value in signals.items()}, memory)
        for row in range(count)
    ]
    return np.concatenate(rows)
