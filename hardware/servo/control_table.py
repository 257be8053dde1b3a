"""The registers of a servo model: where they are, what they may hold, what they mean in SI."""

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ashore.hardware.errors import SpecError

EEPROM_END = 64
"""First address of RAM; everything before it is locked while torque is on."""


@dataclass(frozen=True, kw_only=True)
class Register:
    """One named number in a servo's memory.

    Signed ones are two's complement, or sign and magnitude where `sign_bit` names the sign.
    """

    name: str
    """Name, as the e-manual has it, in snake case."""
    address: int
    """First byte."""
    size: int
    """Bytes: 1, 2 or 4."""
    signed: bool = False
    """Whether it can be negative."""
    access: Literal["r", "rw"] = "rw"
    """Whether the host may write it."""
    initial: int = 0
    """Value from the factory, and of RAM after a reboot [counts]."""
    minimum: int
    """Smallest value the host may write [counts]."""
    maximum: int
    """Largest value the host may write [counts]."""
    unit: str = "1"
    """SI unit of `to_si`."""
    scale: float = 1.0
    """SI units in a count."""
    zero: int = 0
    """Counts at SI zero."""
    sign_bit: int | None = None
    """Bit that is the sign, of a register that is sign and magnitude, as Feetech's are."""
    byteorder: Literal["little", "big"] = "little"
    """Which of its bytes comes first."""

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.size

    @property
    def eeprom(self) -> bool:
        """Whether it survives a loss of power, and is locked while torque is on."""
        return self.address < EEPROM_END

    def encode(self, value: int) -> bytes:
        """Return the bytes of `value` [counts].

        Raises:
            SpecError: `value` is out of the register's range.
        """
        if not self.minimum <= value <= self.maximum:
            raise SpecError(
                f"{self.name} cannot be {value}; {self.minimum} to {self.maximum} is possible"
            )
        if self.sign_bit is not None and value < 0:
            value = -value | 1 << self.sign_bit
        signed = self.signed and self.sign_bit is None
        return int(value).to_bytes(self.size, self.byteorder, signed=signed)

    def decode(self, data: bytes) -> int:
        """Return the value in `data`, `size` bytes [counts].

        Raises:
            SpecError: `data` is not `size` bytes long.
        """
        if len(data) != self.size:
            raise SpecError(f"{self.name} is {self.size} bytes; {len(data)} bytes were given")
        if self.sign_bit is None:
            return int.from_bytes(data, self.byteorder, signed=self.signed)
        raw = int.from_bytes(data, self.byteorder)
        magnitude = raw & (1 << self.sign_bit) - 1
        return -magnitude if raw >> self.sign_bit & 1 else magnitude

    def to_si(self, counts: float) -> float:
        """Return `(counts - zero) * scale` [`unit`]."""
        return (counts - self.zero) * self.scale

    def to_counts(self, value: float) -> int:
        """Return the counts nearest to `value` [`unit`], held within the register's range.

        Raises:
            SpecError: `value` is not a number, or infinite.
        """
        if not math.isfinite(value):
            raise SpecError(f"{self.name} cannot be {value} {self.unit}; a finite number is needed")
        counts = round(value / self.scale) + self.zero
        return min(max(counts, self.minimum), self.maximum)


@dataclass(frozen=True, kw_only=True)
class ControlTable:
    """All registers of one servo model, by name."""

    name: str
    """Model, as printed on the servo."""
    number: int
    """Model number, as a ping returns it."""
    firmware: int
    """Firmware version the data was written for."""
    fast_sync_firmware: int
    """First firmware version that knows fast sync read."""
    watchdog_firmware: int
    """First firmware version that has the bus watchdog."""
    error_bits: Mapping[int, str]
    """Names of the bits of `hardware_error_status`."""
    registers: Mapping[str, Register]
    """Every register, in the order of its address."""

    @staticmethod
    @cache
    def load(model: str) -> "ControlTable":
        """Return the table of `model`, from its data file under `hardware/servos`.

        Raises:
            SpecError: there is no such file, or it has an unknown key.
        """
        folder = files("ashore.hardware") / "servos"
        known = {entry.name.removesuffix(".toml"): entry for entry in folder.iterdir()}
        if model not in known:
            raise SpecError(
                f"no control table of servo {model!r}, so it can be simulated, but no wire "
                f"drives it; there are tables of: {', '.join(sorted(known))}"
            )
        return _table(model, tomllib.loads(known[model].read_text(encoding="utf-8")))

    def __getitem__(self, name: str) -> Register:
        """Return the register called `name`.

        Raises:
            SpecError: there is none; the message names the nearest.
        """
        if name not in self.registers:
            near = get_close_matches(name, self.registers, n=3, cutoff=0.4) or list(self.registers)
            raise SpecError(f"{self.name} has no register {name!r}; nearest: {', '.join(near)}")
        return self.registers[name]

    def __iter__(self) -> Iterator[Register]:
        """Go through the registers in the order of their addresses."""
        return iter(self.registers.values())

    def span(self, names: Iterable[str]) -> tuple[int, int]:
        """Return `(address, size)` of the shortest block that holds all `names`."""
        registers = [self[name] for name in names]
        start = min(register.address for register in registers)
        return start, max(register.end for register in registers) - start

    def faults(self, status: int) -> list[str]:
        """Return what the bits of a hardware error status mean, lowest first."""
        bits = [bit for bit in range(8) if status >> bit & 1]
        return [self.error_bits.get(bit, f"unknown fault (bit {bit})") for bit in bits]


def _table(model: str, data: dict[str, Any]) -> ControlTable:
    """Return the table that a data file describes."""
    units = data.pop("units")
    entries = {**data.pop("eeprom"), **data.pop("ram")}
    error_bits = {int(bit): text for bit, text in data.pop("error_bits").items()}
    try:
        registers = [r for name, entry in entries.items() for r in _registers(name, entry, units)]
        registers.sort(key=lambda register: register.address)
        by_name = {register.name: register for register in registers}
        return ControlTable(error_bits=error_bits, registers=by_name, **data)
    except (TypeError, KeyError) as problem:
        raise SpecError(f"servos/{model}.toml: {problem}") from problem


def _registers(name: str, entry: dict[str, Any], units: dict[str, Any]) -> list[Register]:
    """Return the registers of one entry: one, or `count` of them in a row, numbered from 1."""
    entry = dict(entry)
    count, step = entry.pop("count", None), entry.pop("step", 0)
    unit = units[entry.pop("unit")] if "unit" in entry else {"name": "1", "scale": 1.0}
    signed, bits = entry.get("signed", False), 8 * entry["size"]
    lowest, highest = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    entry["minimum"], entry["maximum"] = entry.pop("min", lowest), entry.pop("max", highest)
    entry.update(unit=unit["name"], scale=unit["scale"], zero=unit.get("zero", 0))
    if count is None:
        return [Register(name=name, **entry)]
    address, initial, size = entry.pop("address"), entry.pop("initial", 0), entry["size"]
    return [
        Register(
            name=f"{name}_{i + 1}", address=address + i * size, initial=initial + i * step, **entry
        )
        for i in range(count)
    ]
