"""`Gauges`: what was asked of a robot and what it did, in numbers for people."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ashore.envs.tasks.task import Array
from ashore.hardware.contract import Signals

SPAN = 1.0
"""How long what is shown is averaged over [s]: two cycles of the trot."""


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """One quantity: asked for and found."""

    name: str
    """What people call it."""
    unit: str
    """Its unit."""
    asked: float
    """What the task asks for now."""
    found: float
    """What the robot truly does: averaged over `SPAN` if it walks, else now."""


class Gauges:
    """The last second of a robot at a task, from the signals that the task and the truth give."""

    def __init__(self, joints: tuple[str, ...], rate: float) -> None:
        """Take the names of the joints and the ticks a second."""
        self._joints, self._depth = joints, max(1, round(SPAN * rate))
        self.clear()

    def clear(self) -> None:
        """Forget the past, as at a restart."""
        self._past: deque[tuple[Array, Array]] = deque(maxlen=self._depth)
        self._errors: deque[dict[str, float]] = deque(maxlen=self._depth)
        self._walks = False

    def note(self, signals: Signals, errors: Mapping[str, Array]) -> None:
        """Remember one tick: signals `(1, k)`, true ones and the task's, and its errors `(1,)`."""
        self._walks = "command" in signals
        self._labels, asked, found = _read(signals, self._joints)
        self._past.append((asked, found))
        self._errors.append({name: float(error[0]) for name, error in errors.items()})

    @property
    def rows(self) -> list[Gauge]:
        """What there is to show; nothing before the first tick."""
        if not self._past:
            return []
        asked, found = self._past[-1]
        if self._walks:
            found = np.mean([f for _, f in self._past], axis=0)
        return [
            Gauge(name=name, unit=unit, asked=float(a), found=float(f))
            for (name, unit), a, f in zip(self._labels, asked, found, strict=True)
        ]

    @property
    def errors(self) -> dict[str, float]:
        """The task's own errors by name and unit, averaged over `SPAN`."""
        names = self._errors[-1] if self._errors else {}
        return {name: float(np.mean([e[name] for e in self._errors])) for name in names}


Labels = tuple[tuple[str, str], ...]
_VELOCITY: Labels = (("forward", "m/s"), ("leftward", "m/s"), ("turning", "rad/s"))
_TIP: Labels = (("tip forward", "mm"), ("tip leftward", "mm"), ("tip up", "mm"))


def _read(signals: Signals, joints: tuple[str, ...]) -> tuple[Labels, Array, Array]:
    """Names with units, what is asked and what is found, by what the task speaks of."""
    if "command" in signals:
        found = [*signals["true_velocity"][0, :2], signals["true_gyro"][0, 2]]
        return _VELOCITY, signals["command"][0], np.array(found)
    if "tip" in signals:
        return _TIP, 1e3 * signals["target"][0], 1e3 * signals["tip"][0]
    if "target" in signals:
        angles = tuple((joint.replace("_", " "), "rad") for joint in joints)
        return angles, signals["target"][0], signals["joint_position"][0]
    angle = signals["joint_position"][0]
    heights = tuple((f"{joint.replace('_', ' ')} height", "") for joint in joints)
    return heights, np.ones(len(joints)), 0.5 * (1.0 - np.cos(angle))
