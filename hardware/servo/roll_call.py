"""`RollCall`: is every servo of a spec on its line, alone with its id, and of its model."""

from collections.abc import Sequence

from ashore.hardware.errors import BusError
from ashore.hardware.servo.servo_line import ServoLine
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus
from ashore.hardware.wire.scan import Found, scan, scan_bus

_BAUDS = (57_600, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 115_200)
"""Rates that servos are delivered with or set to, tried where nobody answers."""


class RollCall:
    """Asks who is there; what is wrong is one sentence that says how to mend it."""

    def __init__(self, spec: RobotSpec, port: str, bus: Bus, lines: Sequence[ServoLine]) -> None:
        self._spec, self._port, self._bus, self._lines = spec, port, bus, lines

    def require_all(self) -> None:
        """Meet every servo, and check its model.

        Raises:
            BusError: one does not answer, shares its id, or is of another model. If nobody
                answered at all, the bus was closed to try other rates.
        """
        answers = {line.joint.id: line.ping() for line in self._lines}
        silent = [line for line in self._lines if not answers[line.joint.id].ok]
        if silent:
            there = scan_bus(self._bus)
            self._refuse_shared(there)
            raise BusError(self._who_is_missing(silent, there))
        for line in self._lines:
            line.require_model(answers[line.joint.id], self._port)

    def require_single(self) -> None:
        """Check that no two servos share an id, as far as garbled answers tell.

        Raises:
            BusError: some do.
        """
        self._refuse_shared(scan_bus(self._bus))

    def _refuse_shared(self, there: Sequence[Found]) -> None:
        shared = {found.id for found in there if found.shared}
        for line in self._lines:
            if line.joint.id in shared:
                raise BusError(
                    f"several servos answer as {line.who} on {self._port}; one is possible; "
                    f"part them, give one another id with `ashore servo write`; {self._doctor()}"
                )

    def _who_is_missing(self, silent: Sequence[ServoLine], there: Sequence[Found]) -> str:
        ids = [str(found.id) for found in there]
        missing = ", ".join(f"{line.joint.id} ({line.joint.name})" for line in silent)
        text = (
            f"no servo {missing} on {self._port} at {self._spec.bus.baud} baud; "
            f"answered: {', '.join(ids) or 'none'}; "
        )
        if not there:
            text += f"{self._elsewhere()}; "
        return f"{text}check its power, its cable, its id and its baud rate; {self._doctor()}"

    def _elsewhere(self) -> str:
        """Say who answers at other rates; the line is closed for that."""
        self._bus.close()
        bauds = [baud for baud in _BAUDS if baud != self._spec.bus.baud]
        found = scan(self._port, bauds, [self._spec.bus.protocol])
        rates: dict[int, list[str]] = {}
        for servo in found:
            rates.setdefault(servo.baud, []).append(str(servo.id))
        said = [f"{', '.join(ids)} at {baud} baud" for baud, ids in rates.items()]
        tried = ", ".join(map(str, bauds))
        return f"there is {' and '.join(said)}" if said else f"nor did any at {tried} baud"

    def _doctor(self) -> str:
        return f"`ashore doctor {self._port} --robot {self._spec.name}` looks closer"
