"""`Body`: a robot made of nothing, for laws of time."""

from collections.abc import Callable, MutableSequence

import numpy as np
from bench import SPEC

from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.spec import RobotSpec


class Body:
    """Its reads take as long as a test wants: `delays` by number, -1 for all others."""

    def __init__(
        self, clock: LockstepClock, delays: dict[int, float] | None = None, spec: RobotSpec = SPEC
    ) -> None:
        self.spec, self.clock, self.delays = spec, clock, delays or {}
        self.reads: MutableSequence[float] = []
        self.count = 0
        self.said: list[str] = []
        self.on_soften: Callable[[], object] = lambda: None

    def enable(self) -> None:
        self.said.append("enable")

    def disable(self) -> list[str]:
        self.said.append("disable")
        return []

    def soften(self, share: float) -> None:
        self.said.append(f"soften {share:.1f}")
        self.on_soften()

    def read(self) -> Reading:
        delay = self.delays.get(self.count, self.delays.get(-1, 0.0))
        now = self.clock.now()
        self.count += 1
        self.reads.append(now)
        self.clock.sleep_until(now + delay)
        zero = np.zeros(len(self.spec.joints))
        return Reading(
            time=now,
            position=zero,
            velocity=zero,
            current=zero,
            voltage=zero,
            temperature=zero,
            age=zero,
            fault=zero.astype(np.uint8),
        )

    def write(self, command: Command) -> Command:
        return command
