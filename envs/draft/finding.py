"""`Finding`: one line of what is missing in a robot's folder, suspicious, or fine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.motor_model import motor_parameters
from ashore.envs.physics.robot_model import build_model
from ashore.envs.physics.servo_model import load_servo
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

NAMED = 3
"""How many names a line gives before it counts the rest."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found."""

    severity: Literal["missing", "suspicious", "fine"]
    """`missing` keeps the robot from being used; `suspicious` wants a look."""
    topic: str
    """What was checked, in a word or two."""
    text: str
    """What was found, and what to do next."""


class Inspected:
    """A robot as it is looked at: its spec, its model in the default pose, its motors."""

    def __init__(self, spec: RobotSpec) -> None:
        """Compile the robot.

        Raises:
            ModelError: its MJCF does not compile, or a motor is not physical.
        """
        self.spec = spec
        self.model = build_model(spec)
        self.joints = [self.model.joint(name).id for name in spec.names]
        self.at_zero, self.at_default = (mujoco.MjData(self.model) for _ in range(2))
        self.at_default.qpos[self.model.jnt_qposadr[self.joints]] = spec.column("default")
        for data in (self.at_zero, self.at_default):
            mujoco.mj_forward(self.model, data)
        servos = [load_servo(joint.servo) for joint in spec.joints]
        self.motors = {
            name: np.array(parameter.nominal)
            for name, parameter in motor_parameters(spec, servos).items()
        }

    @property
    def free(self) -> int | None:
        """Body of the free joint, or None if the base is fixed."""
        free = free_joint(self.model)
        return None if free is None else int(self.model.jnt_bodyid[free])

    def names(self, mask: Sequence[bool] | NDArray[np.bool_]) -> list[str]:
        """Names of the joints where `mask` `(nj,)` is true."""
        return [name for name, chosen in zip(self.spec.names, mask, strict=True) if chosen]


def listed(names: Sequence[str]) -> str:
    """Names, the first few of many."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def judged(topic: str, found: Sequence[Finding], fine: str) -> list[Finding]:
    """What was found, or one line that says that all is fine."""
    return list(found) or [Finding(severity="fine", topic=topic, text=fine)]


def suspicious(topic: str, text: str) -> Finding:
    """Make a finding that wants a look."""
    return Finding(severity="suspicious", topic=topic, text=text)


def missing(topic: str, text: str) -> Finding:
    """Make a finding that keeps the robot from being used."""
    return Finding(severity="missing", topic=topic, text=text)
