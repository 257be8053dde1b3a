"""Firmware of a chain of servos on one line: bytes in, replies out, and time in between."""

import math

from ashore.envs.errors import TwinError
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.reply import Reply
from ashore.envs.twin.servos.chain import Chain
from ashore.envs.twin.servos.control import Control
from ashore.envs.twin.servos.gauges import Gauges
from ashore.envs.twin.servos.servo import Servo
from ashore.envs.twin.servos.servo_memory import ServoMemory
from ashore.envs.twin.servos.settings import Settings
from ashore.envs.twin.servos.watch import Watch
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import Frame, Parser

_ROUNDING = 1e-9
_JOINT_READS = (Instruction.SYNC_READ, Instruction.FAST_SYNC_READ, Instruction.FAST_BULK_READ)


class Firmware:
    """A chain of servos, moved by a plant.

    A packet with a bad CRC is not answered unless the config says so. Any whole instruction on the
    line feeds the watchdog of every servo. Replies are returned at once; when they come is the
    line's affair. Registers of sensors are brought up to date when an instruction comes.
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
        self._sense = sense = plant.sense()
        config.require_joints(len(sense.position))
        self.servos = [
            Servo(_memory(config, i), float(angle), config)
            for i, angle in enumerate(sense.position)
        ]
        self._chain = Chain(self.servos, gap_silences=config.gap_silences)
        self._parser = Parser()
        self._steps = 0
        self._joint_reads = 0
        self._settings = Settings(self.servos)
        self._control = Control(self._settings, sense)
        self._gauges = Gauges(self.servos)
        self._watch = Watch(self.servos, config.overload_seconds)
        self._shown = -1
        self._show()

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
        replies = []
        for frame in self._parser.feed(data):
            if not frame.is_status:
                replies += self._answer(frame)
        if self.config.answers_bad_crc and self._parser.corrupt_ids:
            replies += self._chain.complain(self._parser.corrupt_ids)
        self._parser.corrupt_ids.clear()
        return replies

    def advance(self, until: float) -> None:
        """Let the physics, the watchdogs and the fault timers run to `until` [s]."""
        steps = math.floor(until / self._plant.step_seconds + _ROUNDING)
        while self._steps < steps:
            self._step()

    def hush(self) -> None:
        """Give up an instruction that was begun and never finished, as firmware does on a pause."""
        self._parser.reset()

    def _step(self) -> None:
        self._obey()
        seconds = self._plant.step_seconds
        drive = self._control.drive(self._sense, seconds)
        self._sense = self._plant.step(drive)
        self._steps += 1
        tripped = self._watch.silent(self._settings, self.time)
        if tripped:
            self._show()
        for servo in tripped:
            servo.trip()
        self._watch.check(self._settings, drive, self._sense, seconds)

    def _obey(self) -> None:
        """Act by what registers say now."""
        if self._settings.refresh():
            self._control.obey(self._settings, self._sense)

    def _show(self) -> None:
        """Put what the sensors see into the registers."""
        self._obey()
        if self._shown != self._steps:
            self._shown = self._steps
            self._control.look(self._sense)
            self._gauges.publish(self._sense, self._control, self._settings, self.time)

    def _answer(self, frame: Frame) -> list[Reply]:
        self._chain.listen([servo for servo in self.servos if self._hears(servo)])
        if not self._chain.listening:
            return []
        if self.config.period is not None and frame.instruction in _JOINT_READS:
            self._joint_reads += 1
            self.advance(self._joint_reads * self.config.period)
        self._watch.fed_at = self.time
        self._show()
        replies = self._chain.answer(frame)
        self._rebooted(frame)
        return replies

    def _hears(self, servo: Servo) -> bool:
        on = servo.off_until <= self.time
        return on and (self.line_baud is None or servo.baud == self.line_baud)

    def _rebooted(self, frame: Frame) -> None:
        """Take servos that were told to reboot off the line for a while; not in lockstep."""
        if frame.instruction != Instruction.REBOOT or self.config.period is not None:
            return
        for servo in self._chain.addressed(frame.id):
            servo.off_until = self.time + self.config.reboot_seconds


def _memory(config: FirmwareConfig, index: int) -> ServoMemory:
    """Return the registers of one servo as they are at power-up."""
    table, version = ControlTable.load(config.models[index]), config.versions[index]
    memory = ServoMemory(table, config.ids[index], table.firmware if version is None else version)
    if config.baud is not None:
        if config.baud not in table.bauds:
            known = ", ".join(str(rate) for rate in table.bauds)
            raise TwinError(f"no {table.name} speaks at {config.baud} baud; it can at {known}")
        memory.put("baud_rate", table.bauds.index(config.baud))
    return memory
