"""`Track`: every joint follows a moving angle."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.tasks.task import Array, Start, nobody, task_contract
from ashore.hardware.contract import Contract, ObservationTerm, Signals
from ashore.hardware.spec import RobotSpec

TOLERANCE = 0.1
"""Tracking error at which the reward has fallen to 1/e [rad]."""
ONSET = 1.0
"""Time over which the reference grows from the default pose [s]."""
LEAD = 0.1
"""How far ahead the reference is known [s]."""


class Track:
    """Follow `r(t) = s(t) (c + a1 sin(2 pi f1 t + p1) + a2 sin(2 pi f2 t + p2))`.

    `s` is a smooth step over the first second, so that an episode begins at the default pose. The
    reward is `exp(-(error / 0.1 rad)^2)` less a little for changing the action: 1 is perfect.
    """

    name = "track"
    episode = 10.0
    senses: tuple[str, ...] = ("joint_position",)

    def __init__(self, spec: RobotSpec) -> None:
        self.joints = len(spec.joints)

    def contract(self, spec: RobotSpec) -> Contract:
        """Error over three ticks, the reference and where it goes, speed, the last actions."""
        n = len(spec.joints)
        terms = (
            ObservationTerm(signal="error", size=n, scale=5.0, history=3),
            ObservationTerm(signal="target", size=n),
            ObservationTerm(signal="target_velocity", size=n, scale=0.3),
            ObservationTerm(signal="target_change", size=n, scale=5.0),
            ObservationTerm(signal="joint_velocity", size=n, scale=0.3, history=2),
            ObservationTerm(signal="last_action", size=n, history=2),
        )
        return task_contract(self.name, spec, terms, base="target", reach=2.0)

    def plan(self, dice: Dice) -> Array:
        """Draw centre, two amplitudes [rad], two frequencies [Hz], two phases, for each joint."""
        turn = 2.0 * np.pi
        low = np.repeat([-0.3, 0.2, 0.1, 0.0, 0.0, 0.7, 0.0], self.joints)
        high = np.repeat([0.3, 0.7, 0.7, turn, 0.15, 1.5, turn], self.joints)
        return dice.uniform(low, high, len(low))

    def start(self, dice: Dice) -> Start:
        """Draw angles near the default pose, at rest."""
        position = dice.uniform(-0.15, 0.15, self.joints)
        return Start(position=position)

    def target(self, plan: Array, time: Array) -> Array:
        """Angle asked for at `time` `(n,)` [s], `(n, nj)` [rad]."""
        c, a1, f1, p1, a2, f2, p2 = np.split(plan, 7, axis=1)
        t = time[:, None]
        onset = np.clip(t / ONSET, 0.0, 1.0)
        onset = onset * onset * (3.0 - 2.0 * onset)
        wave = a1 * np.sin(2.0 * np.pi * f1 * t + p1) + a2 * np.sin(2.0 * np.pi * f2 * t + p2)
        return np.asarray(onset * (c + wave))

    def signals(self, plan: Array, time: Array, sensed: Mapping[str, Array]) -> dict[str, Array]:
        """Add the reference, its velocity, its near future and the error."""
        target = self.target(plan, time)
        soon = self.target(plan, time + 0.001)
        return {
            **sensed,
            "target": target,
            "target_velocity": (soon - target) / 0.001,
            "target_change": self.target(plan, time + LEAD) - target,
            "error": target - sensed["joint_position"],
        }

    def measured(self, signals: Signals) -> Signals:
        """Return what was sensed: that is all it is made of."""
        return signals

    def reward(self, signals: Signals, action: Array, previous: Array) -> dict[str, Array]:
        """Nearness to the reference, less a little for jerky actions."""
        error = signals["error"] / TOLERANCE
        return {
            "tracking": np.exp(-(error * error)).mean(axis=1),
            "smoothness": -0.02 * np.square(action - previous).mean(axis=1),
        }

    def ends(self, signals: Signals) -> NDArray[np.bool_]:
        """Nobody: the task cannot be failed."""
        return nobody(signals)

    def errors(self, signals: Signals) -> dict[str, Array]:
        """How far the joints are from the reference."""
        return {"tracking error [rad]": np.abs(signals["error"]).mean(axis=1)}

    def slices(self, plan: Array) -> dict[str, NDArray[np.bool_]]:
        """Slow and fast by the main frequency, small and large by the main amplitude."""
        _, a1, f1, *_ = np.split(plan, 7, axis=1)
        slow, small = f1.mean(axis=1) < 0.4, a1.mean(axis=1) < 0.45
        return {"slow": slow, "fast": ~slow, "small": small, "large": ~small}
