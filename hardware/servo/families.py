"""`servo_lines`: the conversations with the servos of a robot, each of its family."""

from ashore.hardware.servo.dynamixel_line import DynamixelLine
from ashore.hardware.servo.feetech_line import FeetechLine
from ashore.hardware.servo.servo_line import ServoLine
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus

FAMILIES: dict[str, type[ServoLine]] = {"dynamixel2": DynamixelLine, "feetech": FeetechLine}
"""The class of each wire protocol's servos."""


def servo_lines(spec: RobotSpec, bus: Bus) -> list[ServoLine]:
    """Return one line a joint, in the spec's order; nothing is sent.

    Raises:
        SpecError: a servo has no control table.
    """
    return [FAMILIES[spec.bus.protocol](bus, joint) for joint in spec.joints]
