"""`Register`: one named number in a servo's memory."""

import math
from dataclasses import dataclass
from typing import Literal

from ashore.hardware.errors import SpecError


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
    eeprom: bool = False
    """Whether it survives a loss of power, and is locked by the table's `lock`."""

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.size

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
