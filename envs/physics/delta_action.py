"""`DeltaAction`: what is left of a servo's behaviour when no other parameter explains it."""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Feature = Callable[[Array, Array, Array], Array]

SOFT_ERROR = 0.1
"""Position error beyond which `delta_error` no longer grows [rad]."""
SOFT_SPEED = 1.0
"""Velocity beyond which `delta_velocity` no longer grows [rad/s]."""
_MOST = 0.5

_FEATURES: dict[str, Feature] = {
    "delta_bias": lambda error, velocity, angle: np.ones_like(error),
    "delta_error": lambda error, velocity, angle: np.tanh(error / SOFT_ERROR),
    "delta_velocity": lambda error, velocity, angle: np.tanh(velocity / SOFT_SPEED),
    "delta_angle": lambda error, velocity, angle: np.sin(0.5 * angle),
    "delta_sine": lambda error, velocity, angle: np.sin(angle),
    "delta_cosine": lambda error, velocity, angle: np.cos(angle),
}

DELTA_ACTION = tuple(_FEATURES)
"""Names of the coefficients."""


class DeltaAction:
    """What is added to the goals of `nj` servos in `n` robots; every array is `(n, nj)`.

    With the position error `e`, the velocity `w` and the angle `q` of a joint,

        delta = bias + error tanh(e / 0.1) + velocity tanh(w / 1)
                + angle sin(q / 2) + sine sin q + cosine cos q

    where `bias` stands for `delta_bias` and so on, coefficients in rad that are nominally 0. A
    position servo turns a shift of its goal into torque, so this is also a torque beside the
    motor's: `error` a dead zone or a gain that is not linear, `velocity` drag in one direction,
    `bias` and `angle` a spring or a hose, `sine` and `cosine` weight that the model lacks. Features
    are smooth and at most 1: far from the log, a robot is off by no more than they add up to.

    Source: He et al., arXiv 2502.01143, section III-B (a delta action learned from real
    trajectories); Hwangbo et al., Science Robotics 4 (2019), eaau5872 (learned actuators).
    """

    def __init__(self, names: tuple[str, ...], n: int) -> None:
        self.parameters = {
            name: Parameter(
                name=name, value=0.0, unit="rad", low=-_MOST, high=_MOST, elements=names
            )
            for name in DELTA_ACTION
        }
        self.values = {name: np.zeros((n, len(names))) for name in DELTA_ACTION}
        self._at_work: tuple[str, ...] = ()
        self._stale = False

    def changed(self, name: str, ids: Ids) -> bool:
        """Take note that coefficients changed, for the next step."""
        self._stale = True
        return False

    def delta(self, error: Array, velocity: Array, angle: Array) -> Array | float:
        """What to add to the goals [rad].

        Args:
            error: goal minus measured angle [rad].
            velocity: output-shaft velocity [rad/s].
            angle: true angle of the output shaft [rad].
        """
        if self._stale:
            self._at_work = tuple(name for name, value in self.values.items() if value.any())
            self._stale = False
        terms = (
            self.values[name] * _FEATURES[name](error, velocity, angle) for name in self._at_work
        )
        return sum(terms, 0.0)


def has_delta(names: Collection[str]) -> bool:
    """Whether one of the parameters `names` is a coefficient of a delta action."""
    return any(name in _FEATURES for name in names)
