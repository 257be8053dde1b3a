"""`Torque`: how a robot's servos let go, whatever has happened to them or to the wire."""

from collections.abc import Sequence

from ashore.hardware.errors import PortLost
from ashore.hardware.servo.register import Register
from ashore.hardware.servo.servo_line import ServoLine
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus


class Torque:
    """Takes torque off the servos of one bus, or lets them hold more softly."""

    def __init__(self, spec: RobotSpec, bus: Bus, lines: Sequence[ServoLine]) -> None:
        self._spec, self._bus, self._lines = spec, bus, lines
        self._registers = [line.table["torque_enable"] for line in lines]

    def release(self) -> list[str]:
        """Take torque off: all at once, unconfirmed, and then joint by joint, confirmed.

        Returns a sentence for each joint whose torque may still be on; it never raises.
        """
        complaints = []
        for act in (self._cut, *(line.release for line in self._lines)):
            try:
                act()
            except PortLost as lost:
                return [f"torque may still be on: {lost}; {self._aftermath()}"]
            except Exception as problem:
                # Whatever goes wrong with one joint or with the log, the others are still reached.
                complaints.append(str(problem))
        return complaints

    def packets(self) -> list[bytes]:
        """The bytes that take torque off, for whoever has the port when this program is gone.

        First those that reach all at once, then one for each servo, which answers it.
        """
        protocol, joint_writes = self._bus.protocol, dict[tuple[int, int], dict[int, bytes]]()
        alone = []
        for servo, register in zip(self._spec.ids, self._registers, strict=True):
            off = register.encode(0)
            joint_writes.setdefault((register.address, register.size), {})[servo] = off
            alone.append(protocol.write(servo, register.address, off))
        together = [protocol.sync_write(off, place[0]) for place, off in joint_writes.items()]
        return [*together, *alone]

    def soften(self, share: float) -> None:
        """Let every joint hold with `share` of its stiffness, 0..1; nobody confirms it.

        Raises:
            PortLost: the wire is gone.
        """
        settings = [line.softened(share) for line in self._lines]
        registers = [setting.register for setting in settings]
        write_all(self._bus, self._spec.ids, registers, [setting.value for setting in settings])

    def _cut(self) -> None:
        """Reach also the servos whose replies are lost, which the bus asks nothing any more."""
        write_all(self._bus, self._spec.ids, self._registers, [0] * len(self._registers))

    def _aftermath(self) -> str:
        seconds = self._spec.bus.watchdog
        stop = f"stop by themselves after {seconds} s" if seconds else "hold on without a watchdog"
        return f"the servos {stop}; cut their power to make them limp"


def write_all(
    bus: Bus, ids: Sequence[int], registers: Sequence[Register], values: Sequence[int]
) -> None:
    """Put one value in a register of each servo; one packet for all that have it at one address.

    Raises:
        PortLost: the wire is gone.
        SpecError: a value is out of its register's range.
    """
    places: dict[tuple[int, int], tuple[Register, dict[int, int]]] = {}
    for servo, register, value in zip(ids, registers, values, strict=True):
        place = (register.address, register.size)
        places.setdefault(place, (register, {}))[1][servo] = value
    for register, wanted in places.values():
        bus.sync_write(wanted, register)
