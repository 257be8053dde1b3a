"""The memory of one Feetech servo, and the rules of what the host may write in it.

Source: Feetech, "STS series memory table" and "SCS series memory table".
"""

from ashore.hardware.servo.control_table import ControlTable, Register

TORQUE_STATES = (0, 1, 2, 128)
"""What `torque_enable` may be told: off, on, brake, and make the present position the middle."""
POSITION, VELOCITY, PWM = 0, 1, 2
"""Operating modes of an STS; its fourth, of steps, is not taken."""


class FeetechMemory:
    """EEPROM and RAM of one servo, byte by byte.

    No status tells of a refusal: what may not be written is not written, and nothing is said. A
    host that wants to know reads back. While `lock` is 1 a write to EEPROM holds until the power
    goes; only one made while it is 0 is kept.
    """

    def __init__(self, table: ControlTable, servo: int, version: int) -> None:
        """Come from the factory, but with an id and a firmware version of one's own."""
        self.table = table
        self.changed: set[str] = set()
        """Registers set since it was last emptied, but for those that tell what sensors see."""
        self._values: dict[str, int] = {}
        size = max(register.end for register in table)
        self._bytes = bytearray(size)
        self._kept = bytearray(size)
        for register in table:
            self.put(register.name, register.initial)
        self.put("id", servo)
        self.put("firmware_version", version)
        self.boot()

    def __contains__(self, name: str) -> bool:
        """Whether this model has a register of that name."""
        return name in self.table.registers

    def get(self, name: str) -> int:
        """Return a register's value [counts]."""
        return self._values[self.table[name].name]

    def find(self, name: str, default: int = 0) -> int:
        """Return a register's value, or `default` where the model has no such register."""
        return self.get(name) if name in self else default

    def si(self, name: str, default: float = 0.0) -> float:
        """Return a register's value in SI units, or `default` where there is none."""
        return self.table[name].to_si(self.get(name)) if name in self else default

    def put(self, name: str, value: int) -> None:
        """Set a register as the firmware itself may, EEPROM for good; it saturates at its range."""
        register = self.table[name]
        data = register.encode(min(max(value, register.minimum), register.maximum))
        self._store(register, data, keep=True)

    def put_si(self, name: str, value: float) -> None:
        """Set a register to a value in SI units, if the model has it."""
        if name in self:
            self.put(name, self.table[name].to_counts(value))

    def boot(self) -> None:
        """Bring back what EEPROM kept, and RAM to its defaults."""
        for register in self.table:
            if register.eeprom:
                kept = bytes(self._kept[register.address : register.end])
                self._store(register, kept, keep=True)
            else:
                self.put(register.name, register.initial)
        if "torque_limit" in self:
            self.put("torque_limit", self.get("max_torque"))

    def factory_reset(self) -> None:
        """Restore everything but the id and the firmware's version."""
        for register in self.table:
            if register.name not in ("id", "firmware_version"):
                self.put(register.name, register.initial)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes; where there is no register they are 0."""
        return bytes(self._bytes[address : address + size]).ljust(size, b"\0")

    def write(self, address: int, data: bytes) -> list[str]:
        """Write what may be written of `data`; return the names of the registers written."""
        end, written = address + len(data), []
        wanted = self._bytes.copy()
        wanted[address:end] = data[: max(len(wanted) - address, 0)]
        for register in self.table:
            if register.address < end and address < register.end:
                part = bytes(wanted[register.address : register.end])
                if self._allowed(register, register.decode(part)):
                    self._store(register, part, keep=not self.find("lock"))
                    written.append(register.name)
        return written

    def _store(self, register: Register, data: bytes, *, keep: bool) -> None:
        self._bytes[register.address : register.end] = data
        self._values[register.name] = register.decode(data)
        if register.access == "rw" or register.name == "hardware_error_status":
            self.changed.add(register.name)
        if keep and register.eeprom:
            self._kept[register.address : register.end] = data

    def _allowed(self, register: Register, value: int) -> bool:
        if register.access == "r":
            return False
        if register.name == "torque_enable":
            return value in TORQUE_STATES
        if register.name == "operating_mode":
            return value in (POSITION, VELOCITY, PWM)
        return register.minimum <= value <= register.maximum
