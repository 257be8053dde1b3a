"""`FeetechServo`: one servo of the STS or SCS series, short of its physics."""

import math
from dataclasses import dataclass

from ashore.envs.twin.feetech.feetech_memory import POSITION, FeetechMemory
from ashore.envs.twin.feetech.guard import OVERCURRENT, OVERLOAD
from ashore.hardware.wire.feetech import Instruction

LATCHED = OVERLOAD | OVERCURRENT
"""Faults that stay until torque is taken off or the goal comes back."""

_BRAKE, _MIDDLE = 2, 128
_WHOLE_TURNS = 0x10  # bit of `phase`: positions count on past a turn


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one servo's sensors see, in SI units; fields as in `Sense`."""

    position: float
    velocity: float
    current: float
    duty: float
    voltage: float
    temperature: float
    goal: float
    """Goal in force, on its way to the one written [rad]."""


class FeetechServo:
    """Firmware of one servo: its instructions, its torque and its faults.

    What Feetech's papers say, as far as they reach: the status byte is the hardware's alone; a
    fault whose bit `shutdown` has takes the power stage off while it is there, except that
    overload leaves `protective_torque`; `torque_enable` 2 brakes, 128 makes the present position
    the middle. What users report: a write to `goal_position` brings torque, and a servo in
    overload is well again after torque off, or after a goal that does not push on.

    What nobody says is decided so: a goal behind the position limits stops at them; a boot sets
    the goal to the present position; overcurrent stays as overload does; an instruction that makes
    no sense is not answered.

    Stored without effect: D and I gains, dead zones, startup force, angular resolution, LED alarm,
    phase but for its bit of whole turns, goal time but as the duty of PWM mode, and the gains of
    the velocity loop: in that mode the goal in force runs on at the speed asked for, and the
    position's gain follows it. The mode of steps, and an SCS as a plain motor, are not there.
    """

    def __init__(self, memory: FeetechMemory, angle: float) -> None:
        """Boot with `memory`, the shaft at `angle` [rad]."""
        self.memory = memory
        self.off_until = -math.inf
        """When it is back on the line after a reboot [s]."""
        self.away = False
        """Whether it has begun to reboot, and is not off the line yet."""
        self._table = memory.table
        self._angle = angle
        self._turn = round(math.tau / self._table["present_position"].scale)
        self._magnetic = "homing_offset" in memory
        self._turns = 0
        self._push = 0.0
        self._registered: tuple[int, bytes] | None = None
        self.boot()

    @property
    def id(self) -> int:
        """The id it answers to."""
        return self.memory.get("id")

    @property
    def baud(self) -> int:
        """Rate that it speaks and understands [bit/s]."""
        return self._table.bauds[self.memory.get("baud_rate")]

    @property
    def return_delay(self) -> float:
        """How long it waits before it answers [s]."""
        return self.memory.si("return_delay_time")

    @property
    def error(self) -> int:
        """The error byte of its status."""
        return self.memory.get("hardware_error_status")

    @property
    def powered(self) -> bool:
        """Whether the power stage is on."""
        unloaded = self.error & self.memory.get("shutdown") & ~OVERLOAD
        return bool(self.memory.get("torque_enable")) and not unloaded

    @property
    def mode(self) -> int:
        """Operating mode."""
        return self.memory.find("operating_mode", POSITION)

    @property
    def braking(self) -> bool:
        """Whether it shorts its motor instead of turning it."""
        return self.memory.get("torque_enable") == _BRAKE

    @property
    def goal(self) -> float:
        """Goal angle in the encoder's frame, within the position limits [rad]."""
        counts = self.memory.get("goal_position")
        lowest, highest = (self.memory.get(f"{end}_position_limit") for end in ("min", "max"))
        if lowest < highest:
            counts = min(max(counts, lowest), highest)
        return self._table["goal_position"].to_si(counts + self._shift)

    @property
    def largest_duty(self) -> float:
        """Largest duty that limits and protection allow, 0..1."""
        most = self.memory.si("max_torque", 1.0)
        limit = min(self.memory.si("torque_limit", most), 1.0)
        if self.error & self.memory.get("shutdown") & OVERLOAD:
            limit = min(limit, self.memory.si("protective_torque") * most)
        return limit

    def boot(self) -> None:
        """Restart: RAM to its defaults, faults and whole turns forgotten."""
        self._registered = None
        self.memory.boot()
        self.forget_turns()
        self.memory.put("goal_position", self._position())

    def begin(self, bits: int, duty: float) -> None:
        """Meet faults, while pushing with `duty`."""
        self.memory.put("hardware_error_status", self.error | bits)
        if bits & LATCHED:
            self._push = math.copysign(1.0, duty)

    def end(self, bits: int) -> None:
        """Be rid of faults."""
        self.memory.put("hardware_error_status", self.error & ~bits)
        if bits & LATCHED:
            self._push = 0.0

    def see(self, sample: Sample) -> None:
        """Take what the sensors see into the present registers."""
        self._angle = sample.position
        if self._single_turn:
            self.forget_turns()
        memory = self.memory
        memory.put("present_position", self._position())
        if "position_trajectory" in memory:
            trajectory = self._table["position_trajectory"].to_counts(sample.goal) - self._shift
            memory.put("position_trajectory", trajectory)
        for name, value in (
            ("present_velocity", sample.velocity),
            ("present_load", sample.duty),
            ("present_input_voltage", sample.voltage),
            ("present_temperature", sample.temperature),
            ("present_current", sample.current),
        ):
            memory.put_si(name, value)
        turning = abs(sample.velocity) > self._table["present_velocity"].scale
        memory.put("moving", int(self.powered and turning))

    def forget_turns(self) -> None:
        """Count positions within one turn from here."""
        counts = self._counts() - self.memory.find("homing_offset")
        self._turns = counts // self._turn if self._magnetic else 0

    def execute(self, instruction: int, params: bytes) -> bytes | None:
        """Carry out one instruction; return the data of the status, None to keep silent."""
        match instruction:
            case Instruction.PING:
                return b""
            case Instruction.READ if len(params) == 2:
                return self.memory.read(params[0], params[1])
            case Instruction.WRITE if len(params) > 1:
                self._write(params[0], params[1:])
            case Instruction.REG_WRITE if len(params) > 1:
                self._registered = (params[0], params[1:])
            case Instruction.ACTION:
                registered, self._registered = self._registered, None
                if registered is not None:
                    self._write(*registered)
            case Instruction.RECOVERY:
                self.memory.factory_reset()
                self._reboot()
            case Instruction.REBOOT:
                self._reboot()
            case Instruction.RESET:
                self.forget_turns()
            case Instruction.CALIBRATE:
                wanted = int.from_bytes(params[:2], "little") if params else None
                self._calibrate(wanted)
            case _:
                return None
        self.memory.put("registered_instruction", int(self._registered is not None))
        return b""

    def _reboot(self) -> None:
        self.boot()
        self.away = True

    def _write(self, address: int, data: bytes) -> None:
        state = self.memory.get("torque_enable")
        written = self.memory.write(address, data)
        if self.memory.get("torque_enable") == _MIDDLE:
            self.memory.put("torque_enable", state)
            self._calibrate(None)
        if "torque_enable" in written and not self.memory.get("torque_enable"):
            self.end(LATCHED)
        elif "goal_position" in written and self.mode == POSITION:
            self._pursue()

    def _pursue(self) -> None:
        """Take up a goal: a fault goes that it does not renew, and to a sound servo torque comes.

        Without a push that it came from, a fault waits for torque off.
        """
        further = self._push * (self.goal - self._angle) > self._table["goal_position"].scale
        if self._push and not further:
            self.end(LATCHED)
        if not self.memory.get("torque_enable") and not self.error & self.memory.get("shutdown"):
            self.memory.put("torque_enable", 1)

    def _calibrate(self, wanted: int | None) -> None:
        """Make the present position read as `wanted`, or as the middle; the shaft stays."""
        if not self._magnetic:
            return
        middle = self._table["present_position"].zero
        offset = self._counts() - (middle if wanted is None else wanted)
        half = self._turn // 2
        self.memory.put("homing_offset", (offset + half) % self._turn - half)
        self.forget_turns()
        self.memory.put("goal_position", self._position())

    @property
    def _single_turn(self) -> bool:
        return not self.memory.find("phase") & _WHOLE_TURNS

    @property
    def _shift(self) -> int:
        """Counts of the encoder less the position told."""
        return self.memory.find("homing_offset") + self._turns * self._turn

    def _counts(self) -> int:
        """Return the encoder's counts, whole turns included."""
        register = self._table["present_position"]
        return round(self._angle / register.scale) + register.zero

    def _position(self) -> int:
        return self._counts() - self._shift
