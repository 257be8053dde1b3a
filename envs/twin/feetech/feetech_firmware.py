"""`FeetechFirmware`: a chain of Feetech servos on one line, and time."""

import math

import numpy as np

from ashore.envs.errors import TwinError
from ashore.envs.twin.feetech.feetech_chain import FeetechChain
from ashore.envs.twin.feetech.feetech_memory import FeetechMemory
from ashore.envs.twin.feetech.feetech_servo import FeetechServo, Sample
from ashore.envs.twin.feetech.feetech_settings import FeetechSettings
from ashore.envs.twin.feetech.goal_ramp import GoalRamp
from ashore.envs.twin.feetech.guard import Guard
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.plant import Plant, Vector
from ashore.envs.twin.reply import Reply
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.feetech import Instruction, Parser
from ashore.hardware.wire.parser import Frame

_ROUNDING = 1e-9
_FAR = 1e3  # a goal that a turning servo never comes to [rad]
_AHEAD = 0.5 * math.pi  # how far its goal in force may run ahead of a shaft that is held [rad]


class FeetechFirmware:
    """A chain of Feetech servos, of one model or of several, moved by a plant.

    A packet with a bad sum is not answered. These servos have no watchdog: when the host is gone
    they hold their last goal for ever. Present registers are as of the last instruction.
    """

    line_baud: int | None = None

    def __init__(self, plant: Plant, config: FirmwareConfig) -> None:
        """Power up at time 0.

        Raises:
            TwinError: there are more or fewer ids than joints, or no model has the rate asked for.
            SpecError: a model is unknown.
        """
        self.config = config
        self._plant = plant
        self._sense = plant.sense()
        config.require_joints(len(self._sense.position))
        self._ramp = GoalRamp(self._sense.position)
        self._guard = Guard(len(config.ids))
        self.servos = [
            FeetechServo(_memory(config, i), position)
            for i, position in enumerate(self._sense.position.tolist())
        ]
        self._chain = FeetechChain(self.servos, gap_silences=config.gap_silences)
        self._parser = Parser(replies=False)
        self._steps = 0
        self._joint_reads = 0
        self._published = -1
        self._settings = FeetechSettings(self.servos)
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
        return [reply for f in self._parser.feed(data) for reply in self._answer(f)]

    def advance(self, until: float) -> None:
        """Let the physics and the guards run to `until` [s]."""
        steps = math.floor(until / self._plant.step_seconds + _ROUNDING)
        self._refresh()
        while self._steps < steps:
            self._step()

    def hush(self) -> None:
        """Give up an instruction that was begun and never finished, as firmware does on a pause."""
        self._parser.reset()

    def _answer(self, frame: Frame) -> list[Reply]:
        rate = self.line_baud
        self._chain.listening = [
            s for s in self.servos if rate in (None, s.baud) and self.time >= s.off_until
        ]
        if not self._chain.listening:
            return []
        if self.config.period is not None and frame.instruction == Instruction.SYNC_READ:
            self._joint_reads += 1
            self.advance(self._joint_reads * self.config.period)
        self._publish()
        replies = self._chain.answer(frame)
        self._leave_line()
        self._refresh()
        return replies

    def _leave_line(self) -> None:
        """Take those that reboot off the line for a while; in lockstep it takes no time."""
        away = self.config.reboot_seconds if self.config.period is None else 0.0
        for servo in self.servos:
            if servo.away:
                servo.away, servo.off_until = False, self.time + away

    def _step(self) -> None:
        settings, seconds = self._settings, self._plant.step_seconds
        drive = settings.drive
        if settings.ramped:
            drive.goal = self._lead(seconds)
        self._sense = self._plant.step(drive)
        self._steps += 1
        if settings.limp.any():
            self._ramp.rest(self._sense.position, settings.limp)
        begun, ended = self._guard.watch(self._sense, settings.limits, seconds)
        if begun.any() or ended.any():
            for i, servo in enumerate(self.servos):
                servo.begin(int(begun[i]), float(self._sense.duty[i]))
                servo.end(int(ended[i]))
            self._refresh()

    def _lead(self, seconds: float) -> Vector:
        """Return the goals in force after another step [rad]."""
        settings, ramp = self._settings, self._ramp
        turning = settings.turning
        goal = np.where(turning, ramp.position + settings.course * _FAR, settings.goal)
        ramp.step(goal, settings.speed, settings.acceleration, seconds)
        if turning.any():
            actual = self._sense.position
            held = np.clip(ramp.position, actual - _AHEAD, actual + _AHEAD)
            ramp.position = np.where(turning, held, ramp.position)
        return ramp.position

    def _refresh(self) -> None:
        """Take over what was written since last time."""
        changed = set().union(*(servo.memory.changed for servo in self.servos))
        if not changed:
            return
        for servo in self.servos:
            servo.memory.changed.clear()
        if not self._settings.ramped:
            self._ramp.rest(self._settings.goal, ~self._settings.limp)
        if changed == {"goal_position"}:
            self._settings.read_goals()
        else:
            self._settings = FeetechSettings(self.servos)

    def _publish(self) -> None:
        """Put what the sensors see into the registers, once a step."""
        if self._published == self._steps:
            return
        self._published = self._steps
        for i, servo in enumerate(self.servos):
            servo.see(self._sample(i))

    def _sample(self, i: int) -> Sample:
        sense, settings = self._sense, self._settings
        leads = self._ramp.position if settings.ramped else settings.goal
        return Sample(
            position=float(sense.position[i]),
            velocity=float(sense.velocity[i]),
            current=float(sense.current[i]),
            duty=float(sense.duty[i]),
            voltage=float(sense.voltage[i]),
            temperature=float(sense.temperature[i]),
            goal=float(leads[i]),
        )


def _memory(config: FirmwareConfig, index: int) -> FeetechMemory:
    """Return the registers of one servo as they are at power-up.

    Raises:
        TwinError: the model speaks something else, or not at the rate asked for.
    """
    table, version = ControlTable.load(config.models[index]), config.versions[index]
    if table.protocol != "feetech":
        raise TwinError(
            f"servo {config.ids[index]} is a {table.name}, which speaks {table.protocol}; one line "
            "has servos of one protocol; mend bus.protocol or the joint's servo in the spec"
        )
    memory = FeetechMemory(table, config.ids[index], table.firmware if version is None else version)
    if config.baud is not None:
        if config.baud not in table.bauds:
            raise TwinError(
                f"no {table.name} speaks at {config.baud} baud; it can at {table.bauds}"
            )
        memory.put("baud_rate", table.bauds.index(config.baud))
    return memory
