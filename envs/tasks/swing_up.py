"""`SwingUp`: bring the weight over the top and hold it there."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.tasks.task import Array, Start, nobody, task_contract
from ashore.hardware.contract import Contract, ObservationTerm, Signals
from ashore.hardware.spec import RobotSpec


class SwingUp:
    """Swing every joint's load upright (an angle of pi either way) and keep it still.

    The reward is the cube of the height `(1 - cos q) / 2`, so that resting half-way up earns
    little, less a little for speed at the top and for changing the action: 1 is upright and at
    rest. An action moves the goal away from where the joint is, so that a weak motor is pushed
    like a torque source.
    """

    name = "swing_up"
    episode = 6.0
    senses: tuple[str, ...] = ("joint_position",)

    def __init__(self, spec: RobotSpec) -> None:
        self.joints = len(spec.joints)

    def contract(self, spec: RobotSpec) -> Contract:
        """Sine and cosine of the angle, the angle itself for the limits, speed, last action."""
        n = len(spec.joints)
        terms = (
            ObservationTerm(signal="sine", size=n),
            ObservationTerm(signal="cosine", size=n),
            ObservationTerm(signal="joint_position", size=n, scale=0.3),
            ObservationTerm(signal="joint_velocity", size=n, scale=0.15, history=2),
            ObservationTerm(signal="last_action", size=n, history=2),
        )
        return task_contract(self.name, spec, terms, base="joint_position", reach=1.5)

    def plan(self, dice: Dice) -> Array:
        """No commands: one column of zeros, so that a plan is still a row."""
        return np.zeros((len(dice), 1))

    def start(self, dice: Dice) -> Start:
        """Draw angles all around and speeds that carry over the top, so that it is met early."""
        wide, near = (dice.uniform(-w, w, self.joints) for w in (3.2, 0.1))
        position = np.where(dice.uniform() < 0.3, near, wide)
        return Start(position=position, velocity=dice.uniform(-9.0, 9.0, self.joints))

    def signals(self, plan: Array, time: Array, sensed: Mapping[str, Array]) -> dict[str, Array]:
        """Add sine and cosine of the joint angles."""
        angle = sensed["joint_position"]
        return {**sensed, "sine": np.sin(angle), "cosine": np.cos(angle)}

    def measured(self, signals: Signals) -> Signals:
        """Return what was sensed: that is all it is made of."""
        return signals

    def reward(self, signals: Signals, action: Array, previous: Array) -> dict[str, Array]:
        """Height of the load, less speed near the top and jerky actions."""
        height = 0.5 * (1.0 - signals["cosine"])
        speed = signals["joint_velocity"] / 10.0
        return {
            "upright": (height * height * height).mean(axis=1),
            "stillness": -0.1 * (height * height * np.abs(speed)).mean(axis=1),
            "smoothness": -0.01 * np.square(action - previous).mean(axis=1),
        }

    def ends(self, signals: Signals) -> NDArray[np.bool_]:
        """Nobody: the task cannot be failed."""
        return nobody(signals)

    def errors(self, signals: Signals) -> dict[str, Array]:
        """How far the load is from upright."""
        return {"angle from upright [rad]": np.arccos(-signals["cosine"]).mean(axis=1)}

    def slices(self, plan: Array) -> dict[str, NDArray[np.bool_]]:
        """One kind of episode."""
        return {"all": np.ones(len(plan), dtype=np.bool_)}
