"""`scan_imu`: what an inertial sensor on a port speaks, and how fast."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ashore.hardware.imu.codecs import CODECS, make_codec
from ashore.hardware.wire.transport import SerialTransport

BAUDS = (115_200, 9_600, 230_400, 921_600, 460_800, 57_600, 38_400, 19_200)
"""Rates that sensors are found at, the likeliest first: WitMotion's leave the factory at 9600."""

_LISTENED = 0.4  # long enough for two samples of a sensor of ten a second, as they are sold [s]
_SURE = 2  # samples; one may be an accident


@dataclass(frozen=True, kw_only=True)
class FoundImu:
    """A sensor that was understood."""

    codec: str
    """What it speaks, as `imu.codec` has it."""
    baud: int
    """At which rate [bit/s]."""
    rate: float
    """About how many samples it gives [Hz]."""


def scan_imu(port: str, bauds: Iterable[int] | None = None) -> FoundImu | None:
    """Listen to a port at each baud rate until some codec understands it; None if none does.

    Args:
        port: a path such as /dev/ttyUSB1, or a pyserial URL.
        bauds: rates to try [bit/s], 0.4 s each; None for `BAUDS`.

    Raises:
        PortError: the port does not open.
        PortLost: it was there, and is gone.
    """
    for baud in BAUDS if bauds is None else bauds:
        codecs = {name: make_codec(name) for name in CODECS}
        counts = dict.fromkeys(CODECS, 0)
        with SerialTransport(port, baud) as wire:
            deadline = time.monotonic() + _LISTENED
            while (left := deadline - time.monotonic()) > 0.0:
                data = wire.read(1, left) + wire.read(4096, 0.0)
                for name, codec in codecs.items():
                    counts[name] += sum(sample.sound for sample in codec.feed(data))
        best = max(counts, key=lambda name: counts[name])
        if counts[best] >= _SURE:
            return FoundImu(codec=best, baud=baud, rate=counts[best] / _LISTENED)
    return None
