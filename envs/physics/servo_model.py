"""`ServoModel`: a model of servo, from its motor file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter import Parameter
from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class ServoModel:
    """A servo's constants and parameters."""

    name: str
    """Model name."""
    law: str
    """Control law: `duty`, firmware that sets a winding's duty, or `pd`, an ideal torque source."""
    counts_per_turn: float
    """Encoder counts in one turn."""
    pwm_counts: float = 1.0
    """PWM register at full duty."""
    velocity_quantum: float
    """Resolution of the reported velocity [rad/s]."""
    parameters: dict[str, Parameter]
    """Everything that can be randomized or identified, by name."""

    @property
    def quantum(self) -> float:
        """Resolution of the encoder [rad]."""
        return 2.0 * np.pi / self.counts_per_turn


@cache
def load_servo(name: str) -> ServoModel:
    """Read the motor file of a servo model.

    Raises:
        ModelError: no such file; the message lists those that exist.
    """
    folder = resources.files("ashore.envs") / "motors"
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = sorted(p.name.removesuffix(".toml") for p in folder.iterdir())
        raise ModelError(
            f"no motor file for servo {name!r}; there are: {', '.join(known)}; "
            "simulate it as one of these, or write its own"
        )
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    constants = {"law": "duty", **{k: v for k, v in data.items() if not isinstance(v, dict)}}
    parameters = {k: Parameter(name=k, **v) for k, v in data.items() if isinstance(v, dict)}
    return ServoModel(name=name, parameters=parameters, **constants)


def servos_of(spec: RobotSpec) -> list[ServoModel]:
    """Read the motor file of each joint's servo.

    Raises:
        ModelError: a servo without a motor file, or servos whose control laws differ.
    """
    servos = [load_servo(joint.servo) for joint in spec.joints]
    if len({servo.law for servo in servos}) > 1:
        found = ", ".join(sorted({f"{servo.name} ({servo.law})" for servo in servos}))
        raise ModelError(
            f"robot {spec.name!r} has servos whose control laws differ: {found}; "
            "give all of its joints servos of one law"
        )
    return servos
