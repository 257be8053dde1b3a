"""Faults of the servos themselves: errors, reboots, torque that goes, settings that are wrong."""

import math
from dataclasses import dataclass
from typing import Protocol, cast

from ashore.envs.twin.device import DeviceServo, Registers
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.tables import allowed

_TRIPPED = -1
_LARGEST = 253


class Bootable(Protocol):
    """What every firmware's servos have beyond `DeviceServo`."""

    off_until: float
    """When it is back on the line [s]."""

    @property
    def memory(self) -> Registers:
        """Its registers."""
        ...

    def boot(self) -> None:
        """Restart: RAM to its defaults."""
        ...


@dataclass(frozen=True, kw_only=True)
class ServoFault:
    """Something that happens once to a servo, at a fault's begin."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Let it happen.

        Args:
            servo: to whom.
            table: its control table.
            now: time of the twin [s].
            end: the fault's end [s].
        """

    def require(self, table: ControlTable) -> None:
        """Check that it can happen to a servo of this model.

        Raises:
            SpecError: it cannot.
        """


@dataclass(frozen=True, kw_only=True)
class Alert(ServoFault):
    """A hardware error appears; torque goes if the servo's shutdown register says so."""

    error: str
    """Its name, such as overload, or the start of it."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Set the bit."""
        memory, bit = servo.memory, 1 << self._bit(table)
        memory.put("hardware_error_status", memory.get("hardware_error_status") | bit)
        if memory.get("shutdown") & bit:
            memory.put("torque_enable", 0)

    def require(self, table: ControlTable) -> None:
        """Check that the model has this error."""
        names = ", ".join(table.error_bits.values())
        allowed("error", self.error, self._bit(table) >= 0, f"of {table.name}: {names}")

    def _bit(self, table: ControlTable) -> int:
        bits = [b for b, name in table.error_bits.items() if name.startswith(self.error)]
        return bits[0] if len(bits) == 1 and self.error else -1


@dataclass(frozen=True, kw_only=True)
class Reboot(ServoFault):
    """A servo restarts: RAM to its defaults, torque off, and off the line for a while."""

    seconds: float = 0.3
    """How long it is off the line [s]; 0 as after a dip of its supply."""

    def __post_init__(self) -> None:
        """Refuse times that cannot be."""
        allowed("seconds", self.seconds, 0.0 <= self.seconds < math.inf, "0 or more, finite")

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Restart it."""
        booting = cast(Bootable, servo)
        booting.boot()
        booting.off_until = now + self.seconds if self.seconds else booting.off_until


@dataclass(frozen=True, kw_only=True)
class Absent(ServoFault):
    """A servo is off the line until the fault's end: unplugged, broken, or without supply."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Silence it."""
        cast(Bootable, servo).off_until = end


@dataclass(frozen=True, kw_only=True)
class Watchdog(ServoFault):
    """A servo's bus watchdog runs out: it stays where it is and takes no goals."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Trip it."""
        servo.memory.put("goal_position", servo.memory.get("present_position"))
        servo.memory.put("bus_watchdog", _TRIPPED)

    def require(self, table: ControlTable) -> None:
        """Check that the model has a watchdog."""
        has = "bus_watchdog" in table.registers
        allowed("kind", "watchdog", has, f"any other for a {table.name}, which has no bus watchdog")


@dataclass(frozen=True, kw_only=True)
class Limp(ServoFault):
    """A servo's torque goes, and nothing says so but its torque register."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Take torque off."""
        servo.memory.put("torque_enable", 0)


@dataclass(frozen=True, kw_only=True)
class WrongId(ServoFault):
    """A servo answers to another id; to that of another servo, both speak at once."""

    id: int
    """The id."""

    def __post_init__(self) -> None:
        """Refuse ids that cannot be."""
        allowed("id", self.id, 0 <= self.id < _LARGEST, "0 to 252")

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Change it."""
        servo.memory.put("id", self.id)


@dataclass(frozen=True, kw_only=True)
class WrongModel(ServoFault):
    """A servo of another model is in a servo's place."""

    number: int
    """Its model number."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        allowed("number", self.number, 0 <= self.number <= 0xFFFF, "0 to 65535")

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Change what it says it is."""
        servo.memory.put("model_number", self.number)


@dataclass(frozen=True, kw_only=True)
class WrongBaud(ServoFault):
    """A servo speaks at another rate."""

    baud: int
    """The rate [bit/s]."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Change it."""
        servo.memory.put("baud_rate", table.bauds.index(self.baud))

    def require(self, table: ControlTable) -> None:
        """Check that the model has this rate."""
        rates = ", ".join(map(str, table.bauds))
        allowed("baud", self.baud, self.baud in table.bauds, f"of {table.name}: {rates}")


@dataclass(frozen=True, kw_only=True)
class Setting(ServoFault):
    """A register holds another value: an old firmware, a return delay of 250, a foreign limit."""

    register: str
    """Its name in the servo's control table."""
    value: int
    """What it holds [counts]."""

    def act(self, servo: DeviceServo, table: ControlTable, now: float, end: float) -> None:
        """Set it."""
        servo.memory.put(self.register, self.value)

    def require(self, table: ControlTable) -> None:
        """Check that the model has the register, and room in it for the value."""
        register = table[self.register]
        lowest = -(1 << 8 * register.size - 1) if register.signed else 0
        highest = (1 << 8 * register.size - register.signed) - 1
        fits = lowest <= self.value <= highest
        allowed("value", self.value, fits, f"{lowest} to {highest} in {self.register}")
