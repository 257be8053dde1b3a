"""The servos that a command is about, and the line on which they hang."""

from collections.abc import Iterable
from dataclasses import dataclass

from ashore.hardware.errors import SpecError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport
from ashore.launch.servo_request import ServoRequest

_LATENCY = 0.04  # longest wait for a reply: twice an adapter's factory timer, and some [s]
_BAUD = 1_000_000


@dataclass(frozen=True, kw_only=True)
class NamedServo:
    """One servo that a command is about."""

    id: int
    """Its id on the line."""
    who: str
    """What to call it."""
    table: ControlTable
    """Its registers."""


def named_servos(ids: str, request: ServoRequest) -> list[NamedServo]:
    """Return the servos that `ids` names: `3`, `1,2,5-8`, or `all` of a robot.

    Raises:
        SpecError: it names none, or no servo's id; there is no such robot or model.
    """
    spec = RobotSpec.load(request.robot) if request.robot is not None else None
    joints = {joint.id: joint for joint in spec.joints} if spec else {}
    numbers = list(joints) if ids == "all" and joints else _numbers(ids)
    servos = []
    for number in numbers:
        joint = joints.get(number)
        if spec is not None and joint is None:
            known = ", ".join(f"{j.id} ({j.name})" for j in spec.joints)
            raise SpecError(
                f"robot {spec.name} has no servo {number}; it has {known}; "
                "for one that is not the robot's, give --model instead of --robot"
            )
        table = ControlTable.load(joint.servo if joint else str(request.model))
        who = f"servo {number} ({joint.name})" if joint else f"servo {number}"
        servos.append(NamedServo(id=number, who=who, table=table))
    return servos


def _numbers(ids: str) -> list[int]:
    numbers: list[int] = []
    for part in ids.split(","):
        begin, _, end = part.partition("-")
        end = end or begin
        if not (begin.isdecimal() and end.isdecimal() and int(begin) <= int(end) <= 253):
            raise SpecError(
                f"no servo ids {ids!r}; give one, such as 3, several, such as 1,2,5-8, "
                "or `all` with --robot"
            )
        numbers += range(int(begin), int(end) + 1)
    return numbers


def open_line(port: str, servos: Iterable[NamedServo], request: ServoRequest) -> Bus:
    """Open the port of some servos, all of one protocol.

    Raises:
        PortError: it does not open.
        SpecError: there is no such robot.
    """
    baud = request.baud
    if baud is None:
        baud = RobotSpec.load(request.robot).bus.baud if request.robot else _BAUD
    protocol = next(iter(servos)).table.protocol
    config = BusConfig(protocol=protocol, baud=baud, latency=_LATENCY)
    return Bus(SerialTransport(port, baud), config)
