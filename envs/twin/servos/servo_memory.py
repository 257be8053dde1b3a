"""The memory of one servo, and the rules of what the host may read and write in it.

Source: ROBOTIS e-manual, "XL330-M288-T, Control Table" and "Status Packet, Error".
"""

from operator import itemgetter

from ashore.envs.twin.servos.rules import (
    ACCESS,
    DATA_LENGTH,
    DATA_LIMIT,
    DATA_RANGE,
    GOALS,
    LARGEST_TURN,
    LIMITED_BY,
    POSITION,
    RESET_WITH_MODE,
    TRIPPED,
    Refusal,
    modes,
)
from ashore.hardware.servo.control_table import EEPROM_END, ControlTable, Register


class ServoMemory:
    """EEPROM and RAM of one servo, byte by byte; registers are counts."""

    def __init__(self, table: ControlTable, servo: int, version: int) -> None:
        """Come from the factory, but with an id and a firmware version of one's own."""
        self.table = table
        self.changed: set[str] = set()
        """Registers set since whoever obeys them last looked, and emptied this."""
        self._starts = {register.address: register for register in table}
        self._defined = {a for r in table for a in range(r.address, r.end)}
        self._slots = {r.name: (r.address, r.end, r.signed) for r in table}
        self._modes = modes(table)
        self.bytes = bytearray(max(self._defined) + 1)
        """All of it; gaps between registers are 0."""
        self._pointers = _pointers(table)
        self._places: dict[tuple[int, int], tuple[int, ...]] = {}
        self._blocks: dict[tuple[int, int], list[Register]] = {}
        self._backup: bytes | None = None
        self._restore(list(table))
        self.put("id", servo)
        self.put("firmware_version", version)

    def get(self, name: str) -> int:
        """Return the value of a register that this model has."""
        start, end, signed = self._slots[name]
        return int.from_bytes(self.bytes[start:end], "little", signed=signed)

    def put(self, name: str, value: int) -> None:
        """Set a register as the firmware itself may: any register, any value that fits."""
        register = self.table[name]
        data = value.to_bytes(register.size, "little", signed=register.signed)
        self.bytes[register.address : register.end] = data
        self.changed.add(name)
        if name.startswith("indirect_address"):
            self._places.clear()
            self._blocks.clear()

    def has(self, name: str) -> bool:
        """Whether this model has a register of that name."""
        return name in self._slots

    def boot(self) -> None:
        """Bring RAM to its defaults; goals begin at their limits."""
        self._restore([register for register in self.table if not register.eeprom])
        self._free_goals()
        self._mark_backup()

    def store(self) -> None:
        """Keep a copy of everything, for `recall` and for a start that asks for it."""
        self._backup = bytes(self.bytes)
        self._mark_backup()

    def recall(self, *, eeprom: bool) -> bool:
        """Bring EEPROM, or the RAM that a host writes, to the copy; return whether there is one."""
        if self._backup is None:
            return False
        for register in self.table:
            if register.eeprom == eeprom and register.access == "rw":
                self.put(register.name, register.decode(self._backup[_place(register)]))
        return True

    def factory_reset(self, keep: int) -> None:
        """Restore everything (255), everything but the id (1), or all but id and baud (2)."""
        kept = {0xFF: (), 0x01: ("id",), 0x02: ("id", "baud_rate")}.get(keep)
        if kept is None:
            raise Refusal(DATA_RANGE)
        values = {name: self.get(name) for name in (*kept, "firmware_version")}
        self._restore(list(self.table))
        for name, value in values.items():
            self.put(name, value)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes; gaps between registers read as 0.

        Raises:
            Refusal: the block begins at an undefined address or leaves the table.
        """
        places = self._places.get((address, size))
        if places is None:
            if address not in self._defined or address + size > len(self.bytes):
                raise Refusal(ACCESS)
            places = tuple(self._target(a) for a in range(address, address + size))
            self._places[address, size] = places
        return bytes(itemgetter(*places)(self.bytes)) if size > 1 else self._few(places)

    def check(self, address: int, data: bytes) -> list[tuple[Register, int]]:
        """Return the registers and values that writing `data` would set.

        Raises:
            Refusal: one of them may not be written, or not with that value.
        """
        block = self._blocks.get((address, len(data)))
        if block is None:
            block = self._blocks[address, len(data)] = self._block(address, len(data))
        values, position = [], 0
        for register in block:
            self._check_access(register)
            value = register.decode(data[position : position + register.size])
            self._check_value(register, value)
            values.append((register, value))
            position += register.size
        return values

    def write(self, address: int, data: bytes) -> list[str]:
        """Write `data`, whole or not at all, and return the names of the registers written.

        Raises:
            Refusal: as `check`.
        """
        values = self.check(address, data)
        for register, value in values:
            self.put(register.name, value)
            if register.name == "operating_mode":
                self._restore([self.table[name] for name in RESET_WITH_MODE if self.has(name)])
                self._free_goals()
        return [register.name for register, _ in values]

    def _few(self, places: tuple[int, ...]) -> bytes:
        return bytes(self.bytes[place] for place in places)

    def _mark_backup(self) -> None:
        if self.has("backup_ready"):
            self.put("backup_ready", int(self._backup is not None))

    def _restore(self, registers: list[Register]) -> None:
        for register in registers:
            self.put(register.name, register.initial)

    def _free_goals(self) -> None:
        for goal, limit in LIMITED_BY.items():
            if self.has(goal) and self.has(limit):
                self.put(goal, self.get(limit))

    def _target(self, address: int) -> int:
        """Follow an indirect address, once."""
        pointer = self._pointers.get(address)
        if pointer is None:
            return address
        target = int.from_bytes(self.bytes[pointer : pointer + 2], "little")
        return target if EEPROM_END <= target < len(self.bytes) else address

    def _block(self, address: int, size: int) -> list[Register]:
        """Return the registers that `size` bytes from `address` fill, each one whole."""
        targets = [self._target(a) for a in range(address, address + size)]
        block: list[Register] = []
        position = 0
        while position < size:
            register = self._starts.get(targets[position])
            if register is None:
                inside = targets[position] in self._defined
                raise Refusal(DATA_LENGTH if inside else ACCESS)
            end = position + register.size
            if targets[position:end] != list(range(register.address, register.end)):
                raise Refusal(DATA_LENGTH)
            block.append(register)
            position = end
        if not block:
            raise Refusal(DATA_LENGTH)
        return block

    def _check_access(self, register: Register) -> None:
        locked = register.eeprom and self.get("torque_enable")
        if register.access == "r" or locked or self._too_old(register):
            raise Refusal(ACCESS)

    def _too_old(self, register: Register) -> bool:
        """Whether this firmware has no bus watchdog, and the register is its."""
        first = self.table.watchdog_firmware
        if register.name != "bus_watchdog" or first is None:
            return register.name == "bus_watchdog"
        return self.get("firmware_version") < first

    def _check_value(self, register: Register, value: int) -> None:
        name = register.name
        if not register.minimum <= value <= register.maximum:
            raise Refusal(DATA_RANGE)
        if name == "bus_watchdog" or name in GOALS:
            tripped = self.has("bus_watchdog") and self.get("bus_watchdog") == TRIPPED
            if tripped and (name != "bus_watchdog" or value):
                raise Refusal(DATA_RANGE)
        if name == "operating_mode" and value not in self._modes:
            raise Refusal(DATA_RANGE)
        if name in LIMITED_BY and abs(value) > self.get(LIMITED_BY[name]):
            raise Refusal(DATA_LIMIT)
        if name == "goal_position":
            self._check_goal(value)

    def _check_goal(self, value: int) -> None:
        if self.get("operating_mode") == POSITION:
            lowest, highest = self.get("min_position_limit"), self.get("max_position_limit")
            if not lowest <= value <= highest:
                raise Refusal(DATA_LIMIT)
        elif abs(value) >= LARGEST_TURN:
            raise Refusal(DATA_RANGE)


def _place(register: Register) -> slice:
    return slice(register.address, register.end)


def _pointers(table: ControlTable) -> dict[int, int]:
    """Return where the address of each indirect data byte is kept, by that byte's address."""
    found = {}
    for register in table:
        if register.name.startswith("indirect_data_"):
            slot = register.name.removeprefix("indirect_data_")
            found[register.address] = table[f"indirect_address_{slot}"].address
    return found
