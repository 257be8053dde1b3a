"""One emulated servo: what its firmware does with instructions."""

import math

from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.servos.rules import (
    ACCESS,
    DATA_LENGTH,
    DATA_RANGE,
    EXTENDED,
    GOALS,
    POSITION,
    RESULT_FAIL,
    TRIPPED,
    UNKNOWN_INSTRUCTION,
    Refusal,
)
from ashore.envs.twin.servos.servo_memory import ServoMemory
from ashore.hardware.wire.dynamixel import ALERT, BACKUP_KEY, CLEAR_TURNS, Instruction

TURN = 4096
"""Encoder counts in a revolution."""
REVERSE, TIME_BASED, TORQUE_BY_GOAL = 0x01, 0x04, 0x08
"""Bits of `drive_mode`. Source: ROBOTIS e-manual, "Drive Mode (10)"."""
TORQUE_AT_START, RAM_AT_START = 0x01, 0x02
"""Bits of `startup_configuration`; on the first the e-manual contradicts itself."""

_HOMING_REACH = 1024
_NO_SECOND_ID = 253


class Servo:
    """Firmware of one X-series servo, short of its physics and of what it does at each step.

    Encoder counts run along the shaft; `direction` and `shift` make them present positions.
    Stored and without effect: protocol type, PWM slope, LED, feedforward gains, external ports.
    """

    def __init__(self, memory: ServoMemory, angle: float, config: FirmwareConfig) -> None:
        """Boot with `memory`, the shaft at `angle` [rad]."""
        self.memory = memory
        self.angle = angle
        """Where the shaft was when the registers were last brought up to date [rad]."""
        self.off_until = -math.inf
        """When it is back on the line after a reboot [s]."""
        self._turns = 0
        self._registered: tuple[int, bytes] | None = None
        self._bug = config.watchdog_bug
        self.boot()

    @property
    def id(self) -> int:
        """The id it answers to."""
        return self.memory.get("id")

    @property
    def second_id(self) -> int | None:
        """The id it obeys and does not answer to, if there is one."""
        second = self.memory.get("secondary_id") if self.memory.has("secondary_id") else 255
        return second if second < _NO_SECOND_ID else None

    @property
    def baud(self) -> int:
        """Rate that it speaks and understands [bit/s]."""
        return self.memory.table.bauds[self.memory.get("baud_rate")]

    @property
    def return_delay(self) -> float:
        """How long it waits before it answers [s]."""
        register = self.memory.table["return_delay_time"]
        return register.to_si(self.memory.get("return_delay_time"))

    @property
    def joins(self) -> bool:
        """Whether its firmware knows the instructions that several answer in one packet."""
        first = self.memory.table.fast_sync_firmware
        return first is not None and self.memory.get("firmware_version") >= first

    @property
    def powered(self) -> bool:
        """Whether torque is on."""
        return bool(self.memory.get("torque_enable"))

    @property
    def tripped(self) -> bool:
        """Whether the bus watchdog ran out and was not cleared."""
        return self.memory.has("bus_watchdog") and self.memory.get("bus_watchdog") == TRIPPED

    @property
    def alert(self) -> int:
        """The alert bit of its status: set while there is a hardware error."""
        return ALERT if self.memory.get("hardware_error_status") else 0

    @property
    def direction(self) -> int:
        """1, or -1 in reverse."""
        return -1 if self.memory.get("drive_mode") & REVERSE else 1

    @property
    def shift(self) -> int:
        """What is added to counts along the direction to make a present position."""
        return TURN // 2 + self._offset() - self._turns * TURN

    @property
    def present(self) -> int:
        """The present position, quantised, offset, and without forgotten turns."""
        return self.direction * round(self.angle * TURN / math.tau) + self.shift

    @property
    def goal(self) -> float:
        """Goal angle of the shaft in the encoder's frame [rad]."""
        counts = self.memory.get("goal_position") - self.shift
        return self.direction * counts * math.tau / TURN

    def boot(self) -> None:
        """Restart: RAM to its defaults, faults and whole turns forgotten."""
        self._registered = None
        self.memory.boot()
        start = self._start()
        if start & RAM_AT_START:
            self.memory.recall(eeprom=False)
            self.memory.put("torque_enable", 0)
        self._forget_turns()
        self.memory.put("goal_position", self.present)
        if start & TORQUE_AT_START:
            self.memory.put("torque_enable", 1)

    def trip(self) -> None:
        """Let the bus watchdog run out: stop where it is, and take no goals until cleared."""
        memory = self.memory
        memory.put("bus_watchdog", TRIPPED)
        memory.put("profile_acceleration", 0)
        memory.put("profile_velocity", 0)
        astray = self._bug and memory.get("operating_mode") == EXTENDED
        memory.put("goal_position", self.present - (self._offset() if astray else 0))

    def fail(self, bit: int) -> None:
        """Meet a hardware error; torque goes if the shutdown register says so."""
        errors = self.memory.get("hardware_error_status") | 1 << bit
        self.memory.put("hardware_error_status", errors)
        if self._shut_down():
            self.memory.put("torque_enable", 0)

    def execute(self, instruction: int, params: bytes) -> tuple[int, bytes]:
        """Carry out one instruction; return the error byte and the data of the status."""
        try:
            data = self._execute(instruction, params)
        except Refusal as refusal:
            return refusal.number | self.alert, b""
        return self.alert, data

    def _execute(self, instruction: int, params: bytes) -> bytes:
        match instruction:
            case Instruction.PING:
                return self.memory.read(0, 2) + self.memory.read(6, 1)
            case Instruction.READ:
                if len(params) != 4:
                    raise Refusal(DATA_LENGTH)
                return self.memory.read(_word(params), _word(params[2:]))
            case Instruction.WRITE:
                self._write(_word(params), params[2:])
            case Instruction.REG_WRITE:
                self.memory.check(_word(params), params[2:])
                self._register((_word(params), params[2:]))
            case Instruction.ACTION:
                self._act()
            case Instruction.REBOOT:
                self.boot()
            case Instruction.FACTORY_RESET:
                self.memory.factory_reset(params[0] if params else 0)
                self.boot()
            case Instruction.CLEAR:
                self._clear(params)
            case Instruction.CONTROL_TABLE_BACKUP:
                self._back_up(params)
            case _:
                raise Refusal(UNKNOWN_INSTRUCTION)
        return b""

    def _write(self, address: int, data: bytes) -> None:
        written = self.memory.write(address, data)
        if self.memory.get("drive_mode") & TORQUE_BY_GOAL and set(written) & set(GOALS):
            self.memory.put("torque_enable", 1)
            written.append("torque_enable")
        if "torque_enable" in written and self._shut_down():
            self.memory.put("torque_enable", 0)

    def _register(self, write: tuple[int, bytes] | None) -> None:
        self._registered = write
        self.memory.put("registered_instruction", int(write is not None))

    def _act(self) -> None:
        if self._registered is None:
            raise Refusal(RESULT_FAIL)
        registered = self._registered
        self._register(None)
        self._write(*registered)

    def _clear(self, params: bytes) -> None:
        if params != CLEAR_TURNS:
            raise Refusal(DATA_RANGE)
        if self.memory.get("moving"):
            raise Refusal(RESULT_FAIL)
        before = self._turns
        self._forget_turns()
        goal = self.memory.get("goal_position") - (self._turns - before) * TURN
        self.memory.put("goal_position", goal)

    def _back_up(self, params: bytes) -> None:
        """Keep a copy of the control table (1), or bring the EEPROM back to it (2)."""
        if params[1:] != BACKUP_KEY or params[0] not in (1, 2):
            raise Refusal(DATA_RANGE)
        if self.powered:
            raise Refusal(ACCESS)
        if params[0] == 1:
            self.memory.store()
        elif not self.memory.recall(eeprom=True):
            raise Refusal(RESULT_FAIL)

    def _shut_down(self) -> bool:
        errors = self.memory.get("hardware_error_status")
        return bool(errors & self.memory.get("shutdown"))

    def _start(self) -> int:
        """Return the startup configuration, which came with the firmware of fast sync read."""
        known = self.joins and self.memory.has("startup_configuration")
        return self.memory.get("startup_configuration") if known else 0

    def _offset(self) -> int:
        """Return the homing offset in force; position mode ignores one past a quarter turn."""
        offset = self.memory.get("homing_offset")
        ignored = self.memory.get("operating_mode") == POSITION and abs(offset) > _HOMING_REACH
        return 0 if ignored else offset

    def _forget_turns(self) -> None:
        """Count whole turns from here on."""
        self._turns = 0
        self._turns = self.present // TURN
        self.memory.put("present_position", self.present)


def _word(params: bytes) -> int:
    if len(params) < 2:
        raise Refusal(DATA_LENGTH)
    return int.from_bytes(params[:2], "little")
