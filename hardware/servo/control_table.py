"""`ControlTable`: the registers of a servo model, and what its firmware knows."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

from ashore.hardware.errors import SpecError
from ashore.hardware.servo.register import Register as Register
from ashore.hardware.servo.table_file import registers

EEPROM_END = 64
"""First address of RAM in a Dynamixel of the X series."""


@dataclass(frozen=True, kw_only=True)
class ControlTable:
    """All registers of one servo model, by name."""

    name: str
    """Model, as printed on the servo."""
    number: int
    """Model number, as a ping returns it."""
    firmware: int
    """Firmware version the data was written for."""
    protocol: Literal["dynamixel2", "feetech"] = "dynamixel2"
    """Wire protocol it speaks."""
    fast_sync_firmware: int | None = None
    """First firmware version that knows fast sync read; None: none does."""
    watchdog_firmware: int | None = None
    """First firmware version that has the bus watchdog; None: none has."""
    eeprom_end: int = EEPROM_END
    """First address of RAM."""
    lock: str = "torque_enable"
    """Register that locks the EEPROM while it is not 0. A Dynamixel then refuses a write; a Feetech
    takes it and forgets it with the power."""
    bauds: tuple[int, ...]
    """Bits a second of each value of `baud_rate`, from 0 on."""
    modes: Mapping[int, str] = field(default_factory=dict)
    """Names of the values of `operating_mode`; empty for a model that has but one."""
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
        known = _files()
        if model not in known:
            raise SpecError(
                f"no control table of servo {model!r}, so it can be simulated, but no wire "
                f"drives it; there are tables of: {', '.join(sorted(known))}"
            )
        return _table(model, tomllib.loads(known[model].read_text(encoding="utf-8")))

    @staticmethod
    @cache
    def by_number(protocol: str, number: int) -> "ControlTable | None":
        """Return the table of the model that answers a ping with `number`, if there is one."""
        tables = [ControlTable.load(model) for model in sorted(_files())]
        found = [t for t in tables if t.protocol == protocol and t.number == number]
        return found[0] if found else None

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


def _files() -> dict[str, Traversable]:
    """Return every data file, by model."""
    folder = files("ashore.hardware") / "servos"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return {entry.name.removesuffix(".toml"): entry for entry in entries}


def _table(model: str, data: dict[str, Any]) -> ControlTable:
    """Return the table that a data file describes."""
    try:
        by_name = {register.name: register for register in registers(data)}
        for names in ("error_bits", "modes"):
            data[names] = {int(bit): text for bit, text in data.get(names, {}).items()}
        data["bauds"] = tuple(data["bauds"])
        return ControlTable(registers=by_name, **data)
    except (TypeError, KeyError) as problem:
        raise SpecError(f"servos/{model}.toml: {problem}") from problem
