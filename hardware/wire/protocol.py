"""`ServoProtocol`: what a bus needs of a wire protocol; `dynamixel` and `feetech` are two."""

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.parser import Frame, PacketParser

ProtocolName = Literal["dynamixel2", "feetech"]
"""Names of the wire protocols that there are."""


class ServoProtocol(Protocol):
    """Pure packets and their parsing; a module of functions is one."""

    @property
    def overhead(self) -> int:
        """Bytes of a status beyond its data."""
        ...

    @property
    def pong_size(self) -> int:
        """Bytes of the answer to `ping`."""
        ...

    @property
    def identity_size(self) -> int:
        """Bytes of the answer to `identify`."""
        ...

    @property
    def largest_id(self) -> int:
        """Largest id a servo can have."""
        ...

    def encode(self, frame: Frame) -> bytes:
        """Return the bytes of a frame on the wire."""
        ...

    def ping(self, servo: int) -> bytes:
        """Ask a servo, or everyone, whether it is there."""
        ...

    def identify(self, servo: int) -> bytes:
        """Ask one servo what it is; it answers with `identity_size` bytes."""
        ...

    def identity(self, data: bytes) -> bytes:
        """Return the answer to `identify` as model number (2 bytes) and firmware version (1)."""
        ...

    def read(self, servo: int, address: int, size: int) -> bytes:
        """Ask for `size` bytes from `address`."""
        ...

    def write(self, servo: int, address: int, data: bytes) -> bytes:
        """Put `data` at `address`."""
        ...

    def reg_write(self, servo: int, address: int, data: bytes) -> bytes:
        """Hold `data` back for `address` until `action`."""
        ...

    def action(self, servo: int = ...) -> bytes:
        """Carry out what `reg_write` held back."""
        ...

    def reboot(self, servo: int) -> bytes:
        """Restart the firmware."""
        ...

    def factory_reset(self, servo: int) -> bytes:
        """Return to factory values, the id kept."""
        ...

    def sync_read(self, ids: Iterable[int], address: int, size: int) -> bytes:
        """Ask several servos for the same block; each answers with its own status, in order."""
        ...

    def sync_write(self, data: Mapping[int, bytes], address: int) -> bytes:
        """Put the bytes of each servo at the same address; nobody answers."""
        ...

    def refusal(self, error: int) -> int:
        """Return the number in a status's error byte that tells of a refusal; 0 for none."""
        ...

    def alert(self, error: int) -> bool:
        """Return whether a status's error byte tells of a hardware error."""
        ...

    def hardware(self, error: int) -> int:
        """Return the bits of hardware errors in a status's error byte, where it has them."""
        ...

    def parser(self) -> PacketParser:
        """Return a parser of what servos say."""
        ...


PROTOCOLS: dict[ProtocolName, ServoProtocol] = {"dynamixel2": dynamixel, "feetech": feetech}
"""Every wire protocol, by name."""
