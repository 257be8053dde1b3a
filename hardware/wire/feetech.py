"""Feetech STS/SMS/SCS packets as pure bytes: every instruction, every reply, no I/O.

    FF FF | ID | LEN | INST or ERR | params | SUM        LEN = params + 2

SUM is the complement of the sum of all bytes behind the header. Nothing is stuffed. A status looks
just like an instruction: who listens must know which of the two it waits for.
Source: Feetech, "STS/SMS series communication protocol manual" and "SCS series" of the same name.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from ashore.hardware.errors import BusError
from ashore.hardware.wire.parser import BROADCAST, STATUS, Frame, PacketParser

HEADER = b"\xff\xff"
LARGEST_ID = 253
LONGEST = 255
LARGEST_PARAMS = LONGEST - 2
_SCS = 5

overhead = 6
"""Bytes of a status beyond its data."""
pong_size = 0
"""Bytes of the answer to a ping."""
identity_size = 5
"""Bytes of the answer to `identify`: firmware, its minor, one unused, model number."""
largest_id = LARGEST_ID
"""Largest id a servo can have."""


class Instruction(IntEnum):
    """What a packet asks for. Source: protocol manual, "Instruction type"."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    RECOVERY = 0x06
    REBOOT = 0x08
    RESET = 0x0A
    CALIBRATE = 0x0B
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83


ERROR_BITS = {
    0: "input voltage out of limits",
    1: "position sensor",
    2: "overheating",
    3: "overcurrent",
    5: "overload",
}
"""Names of the bits of a status's error byte. Source: protocol manual, "Working condition"."""


def checksum(body: bytes) -> int:
    """Return the complement of the sum of `body`, id to last parameter."""
    return ~sum(body) & 0xFF


def encode(frame: Frame) -> bytes:
    """Return the bytes of `frame` on the wire.

    Raises:
        BusError: no servo can have the id, or the packet would be too long.
    """
    if frame.id != BROADCAST:
        _ids([frame.id])
    if len(frame.params) > LARGEST_PARAMS:
        raise BusError(
            f"a packet with {len(frame.params)} bytes of parameters; {LARGEST_PARAMS} are possible "
            "on a Feetech line; split it by servo"
        )
    code = frame.error if frame.is_status else frame.instruction
    body = bytes([frame.id, len(frame.params) + 2, code]) + frame.params
    return HEADER + body + bytes([checksum(body)])


def _instruct(servo: int, instruction: Instruction, params: bytes = b"") -> bytes:
    return encode(Frame(id=servo, instruction=instruction, params=params))


def _ids(servos: Iterable[int]) -> bytes:
    ids = list(servos)
    for servo in ids:
        if not 0 <= servo <= LARGEST_ID:
            raise BusError(f"no servo can have id {servo}; ids are 0 to 253, and 254 is everyone")
    return bytes(ids)


def _place(address: int, *sizes: int) -> bytes:
    """Return an address and sizes as the bytes they are.

    Raises:
        BusError: one does not fit in a byte.
    """
    for value in (address, *sizes):
        if not 0 <= value <= 0xFF:
            raise BusError(f"address or size {value} on a Feetech line; 0 to 255 is possible")
    return bytes((address, *sizes))


def ping(servo: int) -> bytes:
    """Ask a servo whether it is there; its status has no data."""
    return _instruct(servo, Instruction.PING)


def identify(servo: int) -> bytes:
    """Ask a servo what it is: a read of its first registers, `identity_size` bytes."""
    return read(servo, 0, identity_size)


def identity(data: bytes) -> bytes:
    """Return an identity as a Dynamixel ping has it: model number (2 bytes), firmware (1).

    The SCS series, whose model numbers begin with a 5, keeps its high byte first.
    """
    number = data[4:2:-1] if data[3] == _SCS else data[3:5]
    return number + data[:1]


def read(servo: int, address: int, size: int) -> bytes:
    """Ask for `size` bytes from `address`."""
    return _instruct(servo, Instruction.READ, _place(address, size))


def write(servo: int, address: int, data: bytes) -> bytes:
    """Put `data` at `address`."""
    return _instruct(servo, Instruction.WRITE, _place(address) + data)


def reg_write(servo: int, address: int, data: bytes) -> bytes:
    """Hold `data` back for `address` until `action`."""
    return _instruct(servo, Instruction.REG_WRITE, _place(address) + data)


def action(servo: int = BROADCAST) -> bytes:
    """Carry out what `reg_write` held back."""
    return _instruct(servo, Instruction.ACTION)


def reboot(servo: int) -> bytes:
    """Restart the firmware: RAM to its defaults, torque off."""
    return _instruct(servo, Instruction.REBOOT)


def factory_reset(servo: int) -> bytes:
    """Return to factory values, the id kept."""
    return _instruct(servo, Instruction.RECOVERY)


def forget_turns(servo: int) -> bytes:
    """Return the turn counter to zero."""
    return _instruct(servo, Instruction.RESET)


def calibrate(servo: int, position: int | None = None) -> bytes:
    """Make the present position read as `position` [counts], or as the middle of the turn."""
    if position is None:
        return _instruct(servo, Instruction.CALIBRATE)
    if not 0 <= position <= 0xFFFF:
        raise BusError(f"the present position cannot read {position}; 0 to 65535 is possible")
    return _instruct(servo, Instruction.CALIBRATE, position.to_bytes(2, "little"))


def sync_read(ids: Iterable[int], address: int, size: int) -> bytes:
    """Ask several servos for the same block; each answers with its own status, in this order."""
    return _instruct(BROADCAST, Instruction.SYNC_READ, _place(address, size) + _ids(ids))


def sync_write(data: Mapping[int, bytes], address: int) -> bytes:
    """Put the bytes of each servo at the same address, all of one size; nobody answers."""
    sizes = {len(value) for value in data.values()}
    if len(sizes) != 1:
        raise BusError(
            f"sync write of sizes {sorted(sizes)}: one size for every servo is possible; "
            "split it by size"
        )
    blocks = b"".join(_ids([servo]) + value for servo, value in data.items())
    return _instruct(BROADCAST, Instruction.SYNC_WRITE, _place(address, *sizes) + blocks)


def status(servo: int, error: int = 0, params: bytes = b"") -> bytes:
    """Return a servo's reply."""
    return encode(Frame(id=servo, instruction=STATUS, error=error, params=params))


def refusal(error: int) -> int:
    """Return the number of a refusal: 0, for a Feetech status tells of the hardware alone."""
    return 0


def alert(error: int) -> bool:
    """Return whether a status's error byte tells of a hardware error."""
    return error != 0


def hardware(error: int) -> int:
    """Return the bits of hardware errors in a status's error byte; `ERROR_BITS` names them."""
    return error


def parser() -> PacketParser:
    """Return a parser of what servos say."""
    return Parser()


class Parser(PacketParser):
    """Finds Feetech packets in a stream, taken for replies or for instructions."""

    header, prefix, id_at = HEADER, 4, 2
    shortest, longest = 2, LONGEST

    def __init__(self, *, replies: bool = True) -> None:
        """Take packets for replies, as a host does, or for instructions, as a servo does."""
        super().__init__()
        self._replies = replies

    def _length_field(self, buffer: bytearray) -> int:
        return buffer[3]

    def _align(self) -> bool:
        """Drop what precedes the first header; of a longer row of FF the last two are one."""
        while super()._align():
            if self._buffer[2] != 0xFF:
                return True
            del self._buffer[0]
        return False

    def _decode(self, packet: bytes) -> Frame | None:
        if checksum(packet[2:-1]) != packet[-1]:
            return None
        if self._replies:
            return Frame(id=packet[2], instruction=STATUS, error=packet[4], params=packet[5:-1])
        return Frame(id=packet[2], instruction=packet[4], params=packet[5:-1])
