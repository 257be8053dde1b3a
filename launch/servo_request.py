"""`ServoRequest`: which servos of which line a command is about."""

from dataclasses import dataclass

from ashore.hardware.errors import SpecError


@dataclass(frozen=True, kw_only=True)
class ServoRequest:
    """What kind of servos hang on the line: a robot's, or of one model."""

    robot: str | None = None
    """The robot's name or folder, whose spec says model, protocol and rate."""
    model: str | None = None
    """Servo model, such as xl330, without a robot."""
    baud: int | None = None
    """Rate of the line [bit/s], if not the robot's; 1 Mbaud without a robot."""

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.robot is None) == (self.model is None):
            raise SpecError(
                "which registers a servo has follows from its model; give --robot NAME, "
                "or --model MODEL such as xl330"
            )
