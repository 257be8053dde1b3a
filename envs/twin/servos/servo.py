"""One emulated servo: what its firmware does with instructions, sensors and time."""

import math
from dataclasses import dataclass

from ashore.envs.twin.servos.servo_memory import (
    DATA_LENGTH,
    DATA_RANGE,
    RESULT_FAIL,
    TRIPPED,
    UNKNOWN_INSTRUCTION,
    Refusal,
    ServoMemory,
)
from ashore.hardware.wire.dynamixel import ALERT, CLEAR_TURNS, Instruction

TURN = 4096
"""Encoder counts in a revolution."""
VOLTAGE, OVERHEAT, OVERLOAD = 0, 2, 5
"""Bits of `hardware_error_status`."""
BAUDS = (9600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000)
"""Rates by the code of `baud_rate` [bit/s]. Source: ROBOTIS e-manual, "Baud Rate (8)"."""

_HOMING_REACH = 1024
_TICK_WRAP = 32768


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one servo's sensors see, in SI units; fields as in `Sense`."""

    position: float
    velocity: float
    current: float
    duty: float
    voltage: float
    temperature: float


class Servo:
    """Firmware of one XL330, short of its physics.

    What the manual leaves open is decided so: an `action` with nothing registered fails; a block
    read may cross undefined addresses; torque that a fault took away stays off without an error
    when it is asked for, and the alert bit tells; a boot sets the goal to the present position.

    Stored without effect: baud rate, return delay, drive mode, secondary id, protocol type,
    startup configuration, PWM slope, every gain but position P, and the profile registers (the
    goal is followed at once). Modes 0, 1 and 16 are refused with a data range error.
    """

    def __init__(self, memory: ServoMemory, sample: Sample) -> None:
        """Boot with `memory`, at what the sensors see."""
        self.memory = memory
        self._sample = sample
        self._turns = 0
        self._registered: tuple[int, bytes] | None = None
        self.boot()

    @property
    def id(self) -> int:
        """The id it answers to."""
        return self.memory.get("id")

    @property
    def baud(self) -> int:
        """Rate that it speaks and understands [bit/s]."""
        return BAUDS[self.memory.get("baud_rate")]

    @property
    def return_delay(self) -> float:
        """How long it waits before it answers [s]."""
        register = self.memory.table["return_delay_time"]
        return register.to_si(self.memory.get("return_delay_time"))

    @property
    def joins(self) -> bool:
        """Whether its firmware knows fast sync read."""
        first = self.memory.table.fast_sync_firmware
        return self.memory.get("firmware_version") >= first

    @property
    def powered(self) -> bool:
        """Whether torque is on."""
        return bool(self.memory.get("torque_enable"))

    @property
    def alert(self) -> int:
        """The alert bit of its status: set while there is a hardware error."""
        return ALERT if self.memory.get("hardware_error_status") else 0

    @property
    def goal(self) -> float:
        """Goal angle in the encoder's frame [rad]."""
        counts = self.memory.get("goal_position") - self._offset() + self._turns * TURN
        return (counts - TURN // 2) * math.tau / TURN

    @property
    def largest_duty(self) -> float:
        """Largest duty that limit and goal registers allow, 0..1."""
        counts = min(self.memory.get("pwm_limit"), abs(self.memory.get("goal_pwm")))
        return min(self.memory.table["goal_pwm"].to_si(counts), 1.0)

    @property
    def largest_current(self) -> float:
        """Largest current that the limit, and in mode 5 the goal register, allows [A]."""
        counts = self.memory.get("current_limit")
        if self.memory.get("operating_mode") == 5:
            counts = min(counts, abs(self.memory.get("goal_current")))
        return self.memory.table["goal_current"].to_si(counts)

    @property
    def patience(self) -> float:
        """How long the bus may be silent before the watchdog stops this servo [s]."""
        counts = self.memory.get("bus_watchdog")
        armed = counts > 0 and self.powered
        return self.memory.table["bus_watchdog"].to_si(counts) if armed else math.inf

    def boot(self) -> None:
        """Restart: RAM to its defaults, faults and whole turns forgotten."""
        self._registered = None
        self.memory.boot()
        self._forget_turns()
        self.memory.put("goal_position", self._counts())

    def trip(self) -> None:
        """Let the bus watchdog run out: stop where it is, and take no goals until cleared."""
        self.memory.put("bus_watchdog", TRIPPED)
        self.memory.put("profile_acceleration", 0)
        self.memory.put("profile_velocity", 0)
        self.memory.put("goal_position", self._counts())

    def fail(self, bit: int) -> None:
        """Meet a hardware error; torque goes if the shutdown register says so."""
        self.memory.put(
            "hardware_error_status", self.memory.get("hardware_error_status") | 1 << bit
        )
        if self._shut_down():
            self.memory.put("torque_enable", 0)

    def see(self, sample: Sample, now: float) -> None:
        """Take what the sensors see at `now` [s] into the present registers."""
        self._sample = sample
        memory, table = self.memory, self.memory.table
        counts = self._counts()
        moving = abs(sample.velocity) > table["moving_threshold"].to_si(
            memory.get("moving_threshold")
        )
        memory.put("realtime_tick", int(now * 1000) % _TICK_WRAP)
        memory.put("moving", int(moving))
        memory.put("present_position", counts)
        memory.put("position_trajectory", memory.get("goal_position"))
        for name, value in (
            ("present_pwm", sample.duty),
            ("present_current", sample.current),
            ("present_velocity", sample.velocity),
            ("present_input_voltage", sample.voltage),
            ("present_temperature", sample.temperature),
        ):
            memory.put(name, table[name].to_counts(value))

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
                self._registered = (_word(params), params[2:])
            case Instruction.ACTION:
                self._act()
            case Instruction.REBOOT:
                self.boot()
            case Instruction.FACTORY_RESET:
                self.memory.factory_reset(params[0] if params else 0)
                self.boot()
            case Instruction.CLEAR:
                self._clear(params)
            case _:
                raise Refusal(UNKNOWN_INSTRUCTION)
        self.memory.put("registered_instruction", int(self._registered is not None))
        return b""

    def _write(self, address: int, data: bytes) -> None:
        if "torque_enable" in self.memory.write(address, data) and self._shut_down():
            self.memory.put("torque_enable", 0)

    def _act(self) -> None:
        if self._registered is None:
            raise Refusal(RESULT_FAIL)
        registered, self._registered = self._registered, None
        self.memory.put("registered_instruction", 0)
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

    def _shut_down(self) -> bool:
        errors = self.memory.get("hardware_error_status")
        return bool(errors & self.memory.get("shutdown"))

    def _offset(self) -> int:
        """Return the homing offset in force; position mode ignores one past a quarter turn."""
        offset = self.memory.get("homing_offset")
        ignored = self.memory.get("operating_mode") == 3 and abs(offset) > _HOMING_REACH
        return 0 if ignored else offset

    def _forget_turns(self) -> None:
        self._turns = 0
        self._turns = self._counts() // TURN
        self.memory.put("present_position", self._counts())

    def _counts(self) -> int:
        """Return the present position, quantised, offset, and without forgotten turns."""
        counts = round(self._sample.position * TURN / math.tau) + TURN // 2
        return counts + self._offset() - self._turns * TURN


def _word(params: bytes) -> int:
    if len(params) < 2:
        raise Refusal(DATA_LENGTH)
    return int.from_bytes(params[:2], "little")
