"""What servo firmware moves: the seam between the twin's registers and its physics."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(kw_only=True)
class Drive:
    """What the firmware of `n` servos asks of their motors; every array is `(n,)`."""

    torque_enabled: NDArray[np.bool_]
    """Whether the power stage is on."""
    goal: Vector
    """Goal angle of the output shaft in the encoder's frame, 0 at 2048 counts [rad]."""
    p_gain: Vector
    """Position P gain register (address 84) as a number, 0..16383."""
    pwm_limit: Vector
    """Largest duty, 0..1."""
    current_limit: Vector
    """Largest motor current the firmware allows [A]."""
    lead: Vector | None = None
    """What is added to the position error for other gains than P, at once [rad]."""
    duty: Vector | None = None
    """Duty asked for, -1..1, where the position law does not hold; elsewhere not a number."""


@dataclass(frozen=True, kw_only=True)
class Sense:
    """What the sensors of `n` servos see; every array is `(n,)`."""

    position: Vector
    """Output-shaft angle in the encoder's frame, 0 at 2048 counts, before quantisation [rad]."""
    velocity: Vector
    """Output-shaft velocity as the firmware's filter reports it [rad/s]."""
    current: Vector
    """Current as the servo's sensor reports it, signed [A]."""
    duty: Vector
    """Duty of the power stage, -1..1."""
    voltage: Vector
    """Supply voltage at the servo [V]."""
    temperature: Vector
    """Case temperature [°C]."""


@dataclass(frozen=True, kw_only=True)
class InertialSense:
    """How a free base truly moves, in its own frame: x forward, y left, z up."""

    angular_velocity: Vector
    """Angular velocity, `(3,)` [rad/s]."""
    specific_force: Vector
    """Acceleration less gravity at the base's origin, `(3,)`: 0, 0, 9.81 at rest [m/s²]."""
    rotation: Vector
    """Orientation of the base in the world, a unit quaternion `(4,)`, scalar first."""


class Plant(Protocol):
    """The physics behind a chain of servos, stepped by their firmware."""

    step_seconds: float
    """Length of one physics step, also the firmware's control period [s]."""

    def step(self, drive: Drive) -> Sense:
        """Advance by `step_seconds` under `drive` and return what the sensors then see."""
        ...

    def sense(self) -> Sense:
        """Return what the sensors see now, without advancing."""
        ...

    def inertial(self) -> InertialSense | None:
        """Return how the base moves now; None for a robot whose base is fixed."""
        ...
