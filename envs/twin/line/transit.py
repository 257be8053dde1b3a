"""`Transit`: what a pseudo-terminal itself costs, which is no part of a real line."""

import os
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass

_TRIES = 200
_PAYLOAD = bytes(64)
_LOST = 0.01


@dataclass(frozen=True)
class Transit:
    """How long bytes take at the least from one end of a pseudo-terminal to the other [s]."""

    to_twin: float = 0.0
    """From the client's write to the twin's read."""
    to_client: float = 0.0
    """From the twin's write to the client's read."""


def measure_transit() -> Transit:
    """Return the smallest of a few hundred passages each way, on a pseudo-terminal made for it.

    The smallest, so that what a schedule deducts for it, no passage ever falls short of.
    """
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    os.set_blocking(slave, False)
    try:
        return Transit(_smallest(slave, master), _smallest(master, slave))
    finally:
        os.close(master)
        os.close(slave)


def _smallest(near: int, far: int) -> float:
    return min(_passage(near, far, time.perf_counter) for _ in range(_TRIES))


def _passage(near: int, far: int, clock: Callable[[], float]) -> float:
    begin = clock()
    os.write(near, _PAYLOAD)
    left = len(_PAYLOAD)
    while left and clock() - begin < _LOST:
        try:
            left -= len(os.read(far, left))
        except BlockingIOError:
            continue
    return clock() - begin
