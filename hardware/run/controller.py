"""`Controller`: who decides during an episode, and `Decision`: what it said."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.reading import Command, Reading


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a controller decided at one tick, and what it decided from."""

    command: Command
    """Goals, before the safety filter."""
    observation: NDArray[np.float32]
    """The policy's input, `(no,)`."""
    action: NDArray[np.float32]
    """The policy's output, `(na,)`."""
    signals: dict[str, NDArray[np.float64]]
    """The signals that the observation was built from, each `(k,)`."""


class Controller(Protocol):
    """One episode of a policy on a robot."""

    duration: float
    """Length of the episode [s]."""
    home: NDArray[np.float64]
    """Joint angles where it begins, `(nj,)` [rad]."""
    facts: dict[str, object]
    """What the log should say of it: plan, index, policy."""

    def decide(self, elapsed: float, reading: Reading) -> Decision:
        """Return what to do `elapsed` [s] into the episode."""
        ...
