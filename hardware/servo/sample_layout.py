"""`SampleLayout`: where a servo model keeps what a cycle reads, and what those bytes mean in SI."""

import math
import struct
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.servo.register import Register

Vector = NDArray[np.float64]

SIGNALS = {
    "position": ("present_position",),
    "velocity": ("present_velocity",),
    "current": ("present_current",),
    "duty": ("present_pwm", "present_load"),
    "voltage": ("present_input_voltage",),
    "temperature": ("present_temperature",),
    "fault": ("hardware_error_status",),
    "torque": ("torque_enable",),
    "watchdog": ("bus_watchdog",),
    "mark": ("torque_limit",),
}
"""What a cycle brings of every servo, and the registers that say it, the first that a model has.

The mark is a number that a boot resets, of servos that take a goal for an order to bring torque.
"""

_CODES = {1: "b", 2: "h", 4: "i"}


@dataclass(frozen=True, kw_only=True)
class SampleLayout:
    """One block of a servo model's memory that holds a whole sample."""

    address: int
    """Where the block begins."""
    size: int
    """Its length [bytes]."""
    registers: tuple[Register, ...]
    """Registers in it, in the order of their bytes."""
    mapped: bool
    """Whether they are mapped there by indirect addresses, which `ServoLine.configure` sets."""
    columns: tuple[int, ...]
    """Place of each register's signal in `SIGNALS`."""
    unpack: struct.Struct
    """How the bytes become numbers, sign bits not looked at."""

    def raw(self, data: bytes) -> Vector:
        """Return the counts in `data`, one a signal of `SIGNALS`; NaN where the model has none."""
        row = np.full(len(SIGNALS), math.nan)
        row[list(self.columns)] = self.unpack.unpack(data)
        return row


class SampleScale:
    """Turns the raw counts of `n` servos into SI units, all at once."""

    def __init__(self, layouts: tuple[SampleLayout, ...]) -> None:
        """Take the layout of each servo."""
        shape = (len(layouts), len(SIGNALS))
        self._scale, self._zero = np.ones(shape), np.zeros(shape)
        self._half = np.full(shape, math.inf)
        for row, layout in enumerate(layouts):
            for column, register in zip(layout.columns, layout.registers, strict=True):
                self._scale[row, column] = register.scale
                self._zero[row, column] = register.zero
                if register.sign_bit is not None:
                    self._half[row, column] = 1 << register.sign_bit

    def si(self, raw: Vector) -> dict[str, Vector]:
        """Return each signal, `(n,)`, of raw counts `(n, len(SIGNALS))`."""
        counts = np.where(raw >= self._half, self._half - raw, raw)
        return dict(zip(SIGNALS, ((counts - self._zero) * self._scale).T, strict=True))


@cache
def layout_of(model: str) -> SampleLayout:
    """Return the sample layout of a servo model.

    Raises:
        SpecError: there is no control table of it.
    """
    table = ControlTable.load(model)
    found: dict[str, int] = {}
    for column, names in enumerate(SIGNALS.values()):
        name = next((name for name in names if name in table.registers), None)
        if name is not None:
            found[name] = column
    mapped = "indirect_data_1" in table.registers
    registers = sorted((table[name] for name in found), key=lambda register: register.address)
    if mapped:
        start, size = table["indirect_data_1"].address, sum(r.size for r in registers)
    else:
        start, size = table.span(found)
    return SampleLayout(
        address=start,
        size=size,
        registers=tuple(registers),
        mapped=mapped,
        columns=tuple(found[register.name] for register in registers),
        unpack=_struct(registers, None if mapped else start),
    )


def _struct(registers: list[Register], start: int | None) -> struct.Struct:
    """How registers are unpacked: one behind the other, or at their addresses from `start` on."""
    code, at = "", start
    for register in registers:
        if at is not None:
            code += f"{register.address - at}x"
            at = register.end
        letter = _CODES[register.size]
        code += letter if register.signed and register.sign_bit is None else letter.upper()
    return struct.Struct(("<" if registers[0].byteorder == "little" else ">") + code)
