"""`ServoWrite`: puts one number in one register of one servo, and reads it back."""

from ashore.hardware.errors import BusError
from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire.bus import Bus, Result, Status
from ashore.hardware.wire.dynamixel import ERROR_NAMES
from ashore.launch.servo_line import NamedServo


def moves(register: Register) -> bool:
    """Return whether a write to it can move a motor, or let one fall."""
    return register.name == "torque_enable" or register.name.startswith("goal_")


def ask(bus: Bus, servo: NamedServo, name: str) -> int:
    """Return a register of a servo [counts].

    Raises:
        BusError: no good answer.
    """
    register = servo.table[name]
    result = bus.read(servo.id, register)
    if not result.ok:
        raise BusError(f"cannot read {name} of {servo.who}: {refusal(result, bus)}")
    return register.decode(result.data)


def refusal(result: Result, bus: Bus) -> str:
    """Return why a servo did not do what it was asked, and what to do."""
    if result.status is Status.REFUSED:
        return f"it refused ({ERROR_NAMES.get(result.error, f'error {result.error}')})"
    heard = "its answer was damaged" if result.status is Status.CORRUPT else "it does not answer"
    return (
        f"{heard} at {bus.config.baud} baud; check power, cable and id, or let "
        "`ashore bus scan` look at every rate"
    )


class ServoWrite:
    """One register of one servo, written so that it stays, and read back."""

    def __init__(self, bus: Bus, servo: NamedServo, register: Register, value: int) -> None:
        """Write `value` [counts]; nothing is sent yet."""
        self.bus, self.servo, self.register, self.value = bus, servo, register, value

    def run(self) -> str:
        """Write, read back, and return what is so now.

        Raises:
            BusError: the servo refuses, does not answer, or keeps another value.
        """
        if self.register.name == "id":
            self._require_free()
        if self.register.eeprom:
            self._require_unlocked()
        if self.register.eeprom and self._latch != "torque_enable":
            self._put(self._latch, 0)
            try:
                self._write()
            finally:
                self._close()
        else:
            self._write()
        return self._read_back()

    @property
    def _latch(self) -> str:
        return self.servo.table.lock

    def _require_free(self) -> None:
        if self.value != self.servo.id and self.bus.ping(self.value).ok:
            raise BusError(
                f"id {self.value} is taken on {self.bus.config.baud} baud; two servos of one id "
                "destroy each other's answers; give a free one"
            )

    def _require_unlocked(self) -> None:
        """Ask before: a Feetech takes a write to its EEPROM under torque, and may do anything."""
        if ask(self.bus, self.servo, "torque_enable"):
            raise BusError(self._locked())

    def _locked(self) -> str:
        return (
            f"{self.servo.who} refuses {self.register.name}: that is EEPROM, which is locked while "
            "torque is on; hold the robot, take its torque with `ashore servo write PORT "
            f"{self.servo.id} torque_enable 0 --force`, then write again"
        )

    def _write(self) -> None:
        self._put(self.register.name, self.value)

    def _put(self, name: str, value: int) -> None:
        result = self.bus.write(self.servo.id, self.servo.table[name], value)
        if result.status is Status.REFUSED:
            raise BusError(
                f"cannot write {name} {value} to {self.servo.who}: "
                f"{refusal(result, self.bus)}; see its e-manual"
            )

    def _close(self) -> None:
        """Close the EEPROM again, under the id that the servo has now."""
        servo = self._now
        self.bus.write(servo.id, servo.table[self._latch], 1)

    @property
    def _now(self) -> NamedServo:
        """The servo, under the id that it has after the write."""
        number = self.value if self.register.name == "id" else self.servo.id
        return NamedServo(id=number, who=self.servo.who, table=self.servo.table)

    def _read_back(self) -> str:
        """Return what is so, whether or not the write itself was answered."""
        said = f"{self.servo.who}: {self.register.name} is {self.value}"
        if self.register.name == "baud_rate":
            rate = self.servo.table.bauds[self.value]
            return f"{said}; it speaks at {rate} baud from now on"
        found = ask(self.bus, self._now, self.register.name)
        if found != self.value:
            raise BusError(
                f"{self.servo.who} keeps {self.register.name} at {found}, not {self.value}; "
                "its e-manual says what it allows"
            )
        return said
