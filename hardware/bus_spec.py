"""`BusSpec`: the serial line of a robot."""

from dataclasses import dataclass

from ashore.hardware.tables import allowed
from ashore.hardware.wire.protocol import PROTOCOLS, ProtocolName


@dataclass(frozen=True, kw_only=True)
class BusSpec:
    """The serial line of a robot."""

    protocol: ProtocolName = "dynamixel2"
    """Wire protocol of the servos."""
    baud: int = 1_000_000
    """Bits per second."""
    latency: float = 0.02
    """Longest that adapter and host may take to deliver a reply [s]."""
    watchdog: float = 0.2
    """Time without an instruction after which a servo stops by itself [s]; 0 for never."""

    def __post_init__(self) -> None:
        """Refuse what no bus can be."""
        known = self.protocol in PROTOCOLS
        allowed("bus.protocol", self.protocol, known, " or ".join(f'"{p}"' for p in PROTOCOLS))
        allowed("bus.baud", self.baud, 9600 <= self.baud <= 4_500_000, "9600 to 4500000")
        allowed("bus.latency", self.latency, 0.0 < self.latency <= 1.0, "above 0 to 1 s")
        reach = 0.0 <= self.watchdog <= 2.54
        allowed("bus.watchdog", self.watchdog, reach, "0 (off) to 2.54 s, in steps of 0.02 s")
