"""`scan`: who is on a port, at whatever baud rate, speaking whatever protocol."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import get_args

from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.bus import Bus
from ashore.hardware.wire.patience import BusConfig
from ashore.hardware.wire.protocol import ProtocolName
from ashore.hardware.wire.result import Result, Status
from ashore.hardware.wire.transport import SerialTransport

BAUDS = (1_000_000, 57_600, 3_000_000, 2_000_000, 4_000_000, 115_200, 500_000, 4_500_000, 9_600)
"""Baud rates that servos are found at, the likeliest first."""
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)
"""Wire protocols, all of which are tried."""

_LATENCY = 0.02
_CHANCES = 3  # questions that must all be answered with rubble before two servos share an id


@dataclass(frozen=True, kw_only=True)
class Found:
    """A servo that answered."""

    protocol: ProtocolName
    """What it speaks."""
    baud: int
    """At which rate it answered [bits/s]."""
    id: int
    """Its id."""
    number: int | None
    """Its model number; None if `shared`."""
    model: str | None
    """Model as printed on it, if there is a control table of it."""
    firmware: int | None
    """Its firmware version; None if `shared`."""
    shared: bool = False
    """Whether several servos seem to have this id: they answer at once, or one after the other."""


def scan(
    port: str,
    bauds: Iterable[int] = BAUDS,
    protocols: Iterable[ProtocolName] = PROTOCOLS,
    *,
    thorough: bool = False,
    tell: Callable[[ProtocolName, int], None] = lambda protocol, baud: None,
) -> list[Found]:
    """Ask everyone on a port, at each baud rate and in each protocol, who is there.

    Args:
        port: a path such as /dev/ttyUSB0, or a pyserial URL.
        bauds: rates to try [bits/s].
        protocols: protocols to try.
        thorough: where nobody answers a question to everyone, whether to ask every id by itself:
            Feetech's SCS series answers nothing else. Takes 10 s a rate.
        tell: called before each protocol and rate.

    Raises:
        PortError: the port does not open.
        PortLost: it was there, and is gone.
    """
    rates, found = list(bauds), []
    for protocol in protocols:
        for baud in rates:
            tell(protocol, baud)
            config = BusConfig(protocol=protocol, baud=baud, latency=_LATENCY, retries=0)
            bus = Bus(SerialTransport(port, baud), config)
            try:
                found += scan_bus(bus, thorough=thorough)
            finally:
                bus.close()
    return found


def scan_bus(bus: Bus, *, thorough: bool = False) -> list[Found]:
    """Ask everyone on an open line who is there, as `scan` does.

    Raises:
        PortLost: the port is gone.
    """
    ids = range(bus.protocol.largest_id + 1)
    answers = bus.scan(ids)
    twice = bus.heard_twice
    if thorough and all(answer.status is Status.MISSING for answer in answers.values()):
        answers = {servo: bus.ping(servo) for servo in ids}
    found = []
    for servo, answer in answers.items():
        if answer.ok and servo not in twice:
            found.append(_found(bus, servo, answer))
        elif servo in twice or (answer.status is Status.CORRUPT and _collides(bus, servo)):
            found.append(_shared(bus, servo))
        elif answer.status is Status.CORRUPT and (again := bus.ping(servo)).ok:
            found.append(_found(bus, servo, again))
    return found


def _collides(bus: Bus, servo: int) -> bool:
    """Return whether an id answers with rubble every time."""
    return all(bus.ping(servo).status is Status.CORRUPT for _ in range(_CHANCES))


def _found(bus: Bus, servo: int, answer: Result) -> Found:
    number = int.from_bytes(answer.data[:2], "little")
    table = ControlTable.by_number(bus.config.protocol, number)
    return Found(
        protocol=bus.config.protocol,
        baud=bus.config.baud,
        id=servo,
        number=number,
        model=table.name if table else None,
        firmware=answer.data[2],
    )


def _shared(bus: Bus, servo: int) -> Found:
    return Found(
        protocol=bus.config.protocol,
        baud=bus.config.baud,
        id=servo,
        number=None,
        model=None,
        firmware=None,
        shared=True,
    )
