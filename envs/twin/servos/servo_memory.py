"""The memory of one servo, and the rules of what the host may read and write in it.

Source: ROBOTIS e-manual, "XL330-M288-T, Control Table" and "Status Packet, Error".
"""

from ashore.hardware.servo.control_table import EEPROM_END, ControlTable, Register

RESULT_FAIL, UNKNOWN_INSTRUCTION = 1, 2
DATA_RANGE, DATA_LENGTH, DATA_LIMIT, ACCESS = 4, 5, 6, 7

MODES = (3, 4, 5)
"""Operating modes that move the twin: position, extended position, current-based position."""
TRIPPED = -1
"""What `bus_watchdog` reads after it ran out."""

_LARGEST_TURN = 256 * 4096
_LIMITED_BY = {
    "goal_pwm": "pwm_limit",
    "goal_current": "current_limit",
    "goal_velocity": "velocity_limit",
}
_GOALS = (*_LIMITED_BY, "goal_position")
_RESET_WITH_MODE = (
    "velocity_i_gain",
    "velocity_p_gain",
    "position_d_gain",
    "position_i_gain",
    "position_p_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)


class Refusal(Exception):
    """A servo says no; `number` is the error number of its status."""

    def __init__(self, number: int) -> None:
        super().__init__(f"status error {number}")
        self.number = number


class ServoMemory:
    """EEPROM and RAM of one servo, byte by byte; registers are counts."""

    def __init__(self, table: ControlTable, servo: int, version: int) -> None:
        """Come from the factory, but with an id and a firmware version of one's own."""
        self.table = table
        self._starts = {register.address: register for register in table}
        self._defined = {a for r in table for a in range(r.address, r.end)}
        self._bytes = bytearray(max(self._defined) + 1)
        slots = sum(register.name.startswith("indirect_data_") for register in table)
        first = table["indirect_data_1"].address if slots else 0
        self._indirect = range(first, first + slots)
        self._pointers = table["indirect_address_1"].address if slots else 0
        self._restore(list(table))
        self.put("id", servo)
        self.put("firmware_version", version)

    def get(self, name: str) -> int:
        """Return a register's value."""
        register = self.table[name]
        return register.decode(bytes(self._bytes[register.address : register.end]))

    def put(self, name: str, value: int) -> None:
        """Set a register as the firmware itself may: any register, any value that fits."""
        register = self.table[name]
        data = value.to_bytes(register.size, "little", signed=register.signed)
        self._bytes[register.address : register.end] = data

    def boot(self) -> None:
        """Bring RAM to its defaults; goals begin at their limits."""
        self._restore([register for register in self.table if not register.eeprom])
        self._free_goals()

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
        if address not in self._defined or address + size > len(self._bytes):
            raise Refusal(ACCESS)
        return bytes(self._bytes[self._target(a)] for a in range(address, address + size))

    def check(self, address: int, data: bytes) -> list[tuple[Register, int]]:
        """Return the registers and values that writing `data` would set.

        Raises:
            Refusal: one of them may not be written, or not with that value.
        """
        targets = [self._target(a) for a in range(address, address + len(data))]
        values = []
        position = 0
        while position < len(data):
            register = self._writable(targets[position])
            end = position + register.size
            if targets[position:end] != list(range(register.address, register.end)):
                raise Refusal(DATA_LENGTH)
            value = register.decode(data[position:end])
            self._check_value(register, value)
            values.append((register, value))
            position = end
        if not values:
            raise Refusal(DATA_LENGTH)
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
                self._restore([self.table[name] for name in _RESET_WITH_MODE])
                self._free_goals()
        return [register.name for register, _ in values]

    def _restore(self, registers: list[Register]) -> None:
        for register in registers:
            self.put(register.name, register.initial)

    def _free_goals(self) -> None:
        for goal, limit in _LIMITED_BY.items():
            self.put(goal, self.get(limit))

    def _target(self, address: int) -> int:
        """Follow an indirect address, once."""
        if address not in self._indirect:
            return address
        start = self._pointers + 2 * (address - self._indirect.start)
        target = int.from_bytes(self._bytes[start : start + 2], "little")
        return target if EEPROM_END <= target < len(self._bytes) else address

    def _writable(self, address: int) -> Register:
        """Return the register that starts at `address`, if the host may write it now."""
        if address not in self._defined:
            raise Refusal(ACCESS)
        register = self._starts.get(address)
        if register is None:
            raise Refusal(DATA_LENGTH)
        locked = register.eeprom and self.get("torque_enable")
        too_old = register.name == "bus_watchdog" and (
            self.get("firmware_version") < self.table.watchdog_firmware
        )
        if register.access == "r" or locked or too_old:
            raise Refusal(ACCESS)
        return register

    def _check_value(self, register: Register, value: int) -> None:
        tripped = self.get("bus_watchdog") == TRIPPED
        if not register.minimum <= value <= register.maximum:
            raise Refusal(DATA_RANGE)
        if tripped and (register.name in _GOALS or (register.name == "bus_watchdog" and value)):
            raise Refusal(DATA_RANGE)
        if register.name == "operating_mode" and value not in MODES:
            raise Refusal(DATA_RANGE)
        if register.name in _LIMITED_BY and abs(value) > self.get(_LIMITED_BY[register.name]):
            raise Refusal(DATA_LIMIT)
        if register.name == "goal_position":
            self._check_goal(value)

    def _check_goal(self, value: int) -> None:
        if self.get("operating_mode") == 3:
            lowest, highest = self.get("min_position_limit"), self.get("max_position_limit")
            if not lowest <= value <= highest:
                raise Refusal(DATA_LIMIT)
        elif abs(value) >= _LARGEST_TURN:
            raise Refusal(DATA_RANGE)
