"""`GymnasiumRobot`: a robot that exists in one of Gymnasium's environments and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ashore.hardware.spec import RobotSpec

FILE, SPEC = "gymnasium.json", "spec.json"
"""What a bundle keeps its robot in."""


@dataclass(frozen=True, kw_only=True)
class GymnasiumRobot:
    """What `gymnasium.make` needs to make its environment."""

    name: str
    """The environment's id, such as `Hopper-v5`, with its module where that must be imported."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for it."""

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        return json.dumps({"name": self.name, "arguments": dict(self.arguments)}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "GymnasiumRobot":
        """Read one back.

        Raises:
            ValueError: the text is not one.
            TypeError: it has other keys than these two.
        """
        return cls(**json.loads(text))


def pack_robot(robot: RobotSpec | GymnasiumRobot) -> dict[str, bytes]:
    """A bundle's file that says what robot it is for."""
    name = FILE if isinstance(robot, GymnasiumRobot) else SPEC
    return {name: robot.to_json().encode()}


def unpack_robot(files: Mapping[str, bytes]) -> RobotSpec | GymnasiumRobot:
    """The robot that a bundle's files say it is for.

    Raises:
        SpecError: the spec is not one.
        ValueError: a file is not JSON.
        TypeError: an environment's file has other keys.
        KeyError: neither file is there.
    """
    if FILE in files:
        return GymnasiumRobot.from_json(files[FILE].decode())
    return RobotSpec.from_dict(json.loads(files[SPEC]))
