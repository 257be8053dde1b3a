"""`Gauges`: what the sensors of a chain see, as the servos' registers say it."""

import math
import struct
from collections.abc import Sequence

import numpy as np

from ashore.envs.twin.plant import Sense, Vector
from ashore.envs.twin.servos.control import Control
from ashore.envs.twin.servos.rules import VELOCITY
from ashore.envs.twin.servos.servo import TURN, Servo
from ashore.envs.twin.servos.settings import Settings

_TICK_WRAP = 32768
_ARRIVED, _UNDER_WAY, _RECTANGLE, _TRAPEZOID = 0x01, 0x02, 0x10, 0x30
_NAMES = (
    "realtime_tick",
    "moving",
    "moving_status",
    "present_pwm",
    "present_current",
    "present_load",
    "present_velocity",
    "present_position",
    "velocity_trajectory",
    "position_trajectory",
    "present_input_voltage",
    "present_temperature",
)
_CODES = {(1, False): "B", (2, False): "H", (2, True): "h", (4, False): "I", (4, True): "i"}


class Gauges:
    """The registers that firmware itself keeps up to date, of all servos in one go."""

    def __init__(self, servos: Sequence[Servo]) -> None:
        """Look up where each model has them."""
        self._servos = servos
        self._layouts = [_layout(servo) for servo in servos]
        self._units = {name: _units(servos, name) for name in _NAMES}

    def publish(self, sense: Sense, control: Control, settings: Settings, now: float) -> None:
        """Put what `sense` holds, and the trajectories at `now` [s], into the registers."""
        n = len(self._servos)
        sign, profile = settings.direction, control.profile
        speed = np.where(settings.mode == VELOCITY, control.speed_goal, profile.velocity)
        rows = {
            "realtime_tick": np.full(n, int(now * 1000) % _TICK_WRAP),
            "moving": np.abs(sense.velocity) > settings.stall_speed,
            "moving_status": self._status(sense, control, settings),
            "present_pwm": self._counts("present_pwm", sign * sense.duty),
            "present_current": self._counts("present_current", sign * sense.current),
            "present_load": self._counts("present_load", sign * sense.duty),
            "present_velocity": self._counts("present_velocity", sign * sense.velocity),
            "present_position": self._positions(sense.position, sign),
            "velocity_trajectory": self._counts("velocity_trajectory", sign * speed),
            "position_trajectory": self._positions(profile.position, sign),
            "present_input_voltage": self._counts("present_input_voltage", sense.voltage),
            "present_temperature": self._counts("present_temperature", sense.temperature),
        }
        table = [rows[name].astype(np.int64).tolist() for name in _NAMES]
        angles = sense.position.tolist()
        for i, (servo, runs) in enumerate(zip(self._servos, self._layouts, strict=True)):
            servo.angle = angles[i]
            for packer, address, columns in runs:
                packer.pack_into(servo.memory.bytes, address, *[table[c][i] for c in columns])

    def _counts(self, name: str, values: Vector) -> Vector:
        scale, zero, lowest, highest = self._units[name]
        return np.clip(np.rint(values / scale) + zero, lowest, highest)

    def _positions(self, angles: Vector, sign: Vector) -> Vector:
        shift = np.array([servo.shift for servo in self._servos])
        return np.asarray(sign * np.rint(angles * (TURN / math.tau)) + shift)

    def _status(self, sense: Sense, control: Control, settings: Settings) -> Vector:
        """Return `moving_status`. Source: ROBOTIS e-manual, "Moving Status (123)"."""
        under_way = control.profile.moving & settings.torque_enabled
        near = np.abs(settings.goal - sense.position) < 10 * math.tau / TURN
        led = np.isfinite(settings.speed) | settings.by_time
        ramped = np.isfinite(settings.acceleration) & (settings.acceleration > 0.0)
        shape = np.where(ramped, _TRAPEZOID, _RECTANGLE) * led
        return np.asarray(near * _ARRIVED + under_way * _UNDER_WAY + shape * under_way)


def _units(servos: Sequence[Servo], name: str) -> tuple[Vector, Vector, Vector, Vector]:
    """Return scale, zero and the smallest and largest counts of a register, each `(n,)`."""
    rows = []
    for servo in servos:
        register = servo.memory.table.registers.get(name)
        rows.append(
            (register.scale, register.zero, register.minimum, register.maximum)
            if register
            else (1.0, 0, 0, 0)
        )
    scale, zero, lowest, highest = np.array(rows, dtype=np.float64).T
    return scale, zero, lowest, highest


def _layout(servo: Servo) -> list[tuple[struct.Struct, int, list[int]]]:
    """Return runs of registers without a gap: how to pack one, where, and which they are."""
    table = servo.memory.table
    present = [table[name] for name in _NAMES if servo.memory.has(name)]
    present.sort(key=lambda register: register.address)
    runs: list[tuple[str, int, list[int]]] = []
    end = -1
    for register in present:
        code, column = _CODES[register.size, register.signed], _NAMES.index(register.name)
        if register.address == end:
            format_, address, columns = runs.pop()
            runs.append((format_ + code, address, [*columns, column]))
        else:
            runs.append(("<" + code, register.address, [column]))
        end = register.end
    return [(struct.Struct(format_), address, columns) for format_, address, columns in runs]
