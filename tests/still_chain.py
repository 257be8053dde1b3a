"""A chain of servos behind a real pseudo-terminal, on physics that stands still."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ashore.envs.twin.plant import Drive, Sense
from ashore.envs.twin.twin import Twin, TwinConfig


class StillPlant:
    """Joints that nothing moves, at slightly different angles."""

    step_seconds = 0.001

    def __init__(self, joints: int) -> None:
        zero = np.zeros(joints)
        self.now = Sense(
            position=0.01 * np.arange(joints),
            velocity=zero,
            current=zero,
            duty=zero,
            voltage=zero + 5.0,
            temperature=zero + 30.0,
        )

    def step(self, drive: Drive) -> Sense:
        return self.now

    def sense(self) -> Sense:
        return self.now

    def inertial(self) -> None:
        return None


class Chain:
    """A served twin in lockstep; `memory(i)` are the registers of its i-th servo."""

    def __init__(self, *ids: int, **config: object) -> None:
        options = {"ids": ids, "rate": 50.0, "clock": "lockstep", **config}
        self.twin = Twin(TwinConfig(**options), StillPlant(len(ids)))
        self.port = self.twin.open()
        self._thread = threading.Thread(target=self.twin.serve, daemon=True)
        self._thread.start()

    def memory(self, index: int = 0):
        return self.twin.firmware.servos[index].memory

    def unplug(self) -> None:
        self.twin.stop()
        self._thread.join(30.0)
        self.twin.close()


@contextmanager
def chain(*ids: int, **config: object) -> Iterator[Chain]:
    """Servos with those ids, unplugged afterwards."""
    made = Chain(*ids, **config)
    try:
        yield made
    finally:
        made.unplug()
