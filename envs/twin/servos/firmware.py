"""Firmware of a chain of servos on one line: bytes in, bytes out, and time in between."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import TwinError
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.plant import Drive, Plant, Sense, Vector
from ashore.envs.twin.reply import Reply
from ashore.envs.twin.servos.chain import Chain
from ashore.envs.twin.servos.servo import BAUDS, OVERHEAT, OVERLOAD, VOLTAGE, Sample, Servo
from ashore.envs.twin.servos.servo_memory import ServoMemory
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import Frame, Parser

_SATURATED = 0.98
_ROUNDING = 1e-9
_JOINT_READS = (Instruction.SYNC_READ, Instruction.FAST_SYNC_READ)
_READS = (*_JOINT_READS, Instruction.PING, Instruction.READ, Instruction.BULK_READ)


@dataclass(frozen=True, kw_only=True)
class _Settings:
    """Register values that every physics step needs; arrays are `(n,)`."""

    drive: Drive
    full_current: Vector
    stall_speed: Vector
    hottest: Vector
    lowest_voltage: Vector
    highest_voltage: Vector
    errors: NDArray[np.int_]
    patience: float


class Firmware:
    """A chain of servos, moved by a plant.

    A packet with a bad CRC is not answered. Any whole instruction on the line feeds the watchdog
    of every servo. Replies are returned at once; when they come is the line's affair.
    """

    line_baud: int | None = None

    def __init__(self, plant: Plant, config: FirmwareConfig) -> None:
        """Power up at time 0.

        Raises:
            TwinError: there are more or fewer ids than joints.
            SpecError: the model is unknown.
        """
        self.config = config
        self._plant = plant
        self._sense = plant.sense()
        if len(self._sense.position) != len(config.ids):
            raise TwinError(
                f"{len(config.ids)} servo ids for a plant of {len(self._sense.position)} joints; "
                "give one id a joint"
            )
        self.servos = [
            Servo(_memory(config, i), _sample(self._sense, i)) for i in range(len(config.ids))
        ]
        self._chain = Chain(self.servos, gap_silences=config.gap_silences)
        self._parser = Parser()
        self._steps = 0
        self._joint_reads = 0
        self._fed_at = 0.0
        self._pushing: Vector = np.zeros(len(config.ids))
        self._settings = self._read_settings()
        self._publish()

    @property
    def time(self) -> float:
        """Time since power-up, in whole physics steps [s]."""
        return self._steps * self._plant.step_seconds

    def handle(self, data: bytes, now: float | None = None) -> list[Reply]:
        """Take bytes from the line and return the servos' replies.

        `now`, if given, is the time to advance to first [s].
        """
        if now is not None:
            self.advance(now)
        frames = self._parser.feed(data)
        return [reply for f in frames if not f.is_status for reply in self._answer(f)]

    def advance(self, until: float) -> None:
        """Let the physics, the watchdogs and the fault timers run to `until` [s]."""
        steps = math.floor(until / self._plant.step_seconds + _ROUNDING)
        if steps <= self._steps:
            return
        while self._steps < steps:
            self._sense = self._plant.step(self._settings.drive)
            self._steps += 1
            self._watch_bus()
            self._watch_faults()
        self._publish()

    def hush(self) -> None:
        """Give up an instruction that was begun and never finished, as firmware does on a pause."""
        self._parser.reset()

    def _answer(self, frame: Frame) -> list[Reply]:
        rate = self.line_baud
        self._chain.listening = [s for s in self.servos if rate is None or s.baud == rate]
        if not self._chain.listening:
            return []
        if self.config.period is not None and frame.instruction in _JOINT_READS:
            self._joint_reads += 1
            self.advance(self._joint_reads * self.config.period)
        self._fed_at = self.time
        replies = self._chain.answer(frame)
        if frame.instruction not in _READS:
            self._settings = self._read_settings()
        return replies

    def _publish(self) -> None:
        """Put what the sensors see into the registers."""
        for i, servo in enumerate(self.servos):
            servo.see(_sample(self._sense, i), self.time)

    def _watch_bus(self) -> None:
        """Stop the servos whose bus watchdog ran out."""
        silence = self.time - self._fed_at - _ROUNDING
        if silence < self._settings.patience:
            return
        self._publish()
        for servo in self.servos:
            if silence >= servo.patience:
                servo.trip()
        self._settings = self._read_settings()

    def _watch_faults(self) -> None:
        """Report hardware errors that were not there before."""
        settings, sense = self._settings, self._sense
        voltage = sense.voltage < settings.lowest_voltage
        voltage |= sense.voltage > settings.highest_voltage
        hot = sense.temperature > settings.hottest
        self._pushing = (self._pushing + self._plant.step_seconds) * self._saturated()
        overload = self._pushing > self.config.overload_seconds
        bits = (voltage << VOLTAGE) | (hot << OVERHEAT) | (overload << OVERLOAD)
        new = bits & ~settings.errors
        if not new.any():
            return
        for servo, errors in zip(self.servos, new, strict=True):
            for bit in (VOLTAGE, OVERHEAT, OVERLOAD):
                if errors >> bit & 1:
                    servo.fail(bit)
        self._settings = self._read_settings()

    def _saturated(self) -> NDArray[np.bool_]:
        """Return whose current is at its limit, or whose full duty does not turn the motor."""
        settings, sense = self._settings, self._sense
        duty = np.abs(sense.duty)
        stalled = duty >= _SATURATED * settings.drive.pwm_limit
        stalled &= np.abs(sense.velocity) < settings.stall_speed
        pushing = stalled | (np.abs(sense.current) >= _SATURATED * settings.full_current)
        saturated: NDArray[np.bool_] = pushing & (duty > 0.0) & settings.drive.torque_enabled
        return saturated

    def _read_settings(self) -> _Settings:
        """Return what the registers say now."""
        servos = self.servos
        drive = Drive(
            torque_enabled=np.array([servo.powered for servo in servos]),
            goal=np.array([servo.goal for servo in servos]),
            p_gain=self._column("position_p_gain"),
            pwm_limit=np.array([servo.largest_duty for servo in servos]),
            current_limit=np.array([servo.largest_current for servo in servos]),
        )
        return _Settings(
            drive=drive,
            full_current=self._column("current_limit"),
            stall_speed=self._column("moving_threshold"),
            hottest=self._column("temperature_limit"),
            lowest_voltage=self._column("min_voltage_limit"),
            highest_voltage=self._column("max_voltage_limit"),
            errors=np.array([servo.memory.get("hardware_error_status") for servo in servos]),
            patience=min(servo.patience for servo in servos),
        )

    def _column(self, name: str) -> Vector:
        """Return one register of every servo, `(n,)`, in SI units."""
        memories = [servo.memory for servo in self.servos]
        return np.array([memory.table[name].to_si(memory.get(name)) for memory in memories])


def _memory(config: FirmwareConfig, index: int) -> ServoMemory:
    """Return the registers of one servo as they are at power-up."""
    table, version = ControlTable.load(config.models[index]), config.versions[index]
    memory = ServoMemory(table, config.ids[index], table.firmware if version is None else version)
    if config.baud is not None:
        if config.baud not in BAUDS[: table["baud_rate"].maximum + 1]:
            raise TwinError(f"no {table.name} speaks at {config.baud} baud; it can at {BAUDS}")
        memory.put("baud_rate", BAUDS.index(config.baud))
    return memory


def _sample(sense: Sense, index: int) -> Sample:
    return Sample(
        position=float(sense.position[index]),
        velocity=float(sense.velocity[index]),
        current=float(sense.current[index]),
        duty=float(sense.duty[index]),
        voltage=float(sense.voltage[index]),
        temperature=float(sense.temperature[index]),
    )
