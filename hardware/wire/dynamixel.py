"""Dynamixel Protocol 2.0 as pure bytes: every instruction, every reply, no I/O.

Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0", https://emanual.robotis.com/docs/en/dxl/protocol2/.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ashore.hardware.errors import BusError
from ashore.hardware.wire.frame import (
    BROADCAST,
    HEADER,
    STATUS,
    Frame,
    Parser,
    crc16,
    encode,
    stuff,
    unstuff,
)

__all__ = [
    "BROADCAST",
    "ERROR_NAMES",
    "Block",
    "Frame",
    "Instruction",
    "Parser",
    "action",
    "bulk_read",
    "bulk_write",
    "clear",
    "crc16",
    "encode",
    "factory_reset",
    "fast_sync_blocks",
    "fast_sync_length",
    "fast_sync_read",
    "fast_sync_status",
    "ping",
    "read",
    "reboot",
    "reg_write",
    "status",
    "stuff",
    "sync_read",
    "sync_write",
    "unstuff",
    "write",
]

ALERT = 0x80
LARGEST_ID = 252

ERROR_NAMES = {
    1: "result fail",
    2: "unknown instruction",
    3: "bad CRC",
    4: "data out of range",
    5: "data too short for its register",
    6: "data beyond a limit register",
    7: "address is read-only, undefined, or locked while torque is on",
}
"""Names of the low seven bits of a status's error byte. Source: e-manual, "Status Packet"."""


class Instruction(IntEnum):
    """What a packet asks for. Source: e-manual, "Instruction"."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93


CLEAR_TURNS = b"\x01DXL\x22"
"""Parameters of `clear`: forget whole turns, and the key that guards against accidents."""


def _instruct(servo: int, instruction: Instruction, params: bytes = b"") -> bytes:
    if not (0 <= servo <= LARGEST_ID or servo == BROADCAST):
        raise BusError(f"no servo can have id {servo}; ids are 0 to 252, and 254 is everyone")
    return encode(Frame(id=servo, instruction=instruction, params=params))


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")


def ping(servo: int) -> bytes:
    """Ask a servo whether it is there; it answers with model number and firmware version."""
    return _instruct(servo, Instruction.PING)


def read(servo: int, address: int, size: int) -> bytes:
    """Ask for `size` bytes from `address`."""
    return _instruct(servo, Instruction.READ, _word(address) + _word(size))


def write(servo: int, address: int, data: bytes) -> bytes:
    """Put `data` at `address`."""
    return _instruct(servo, Instruction.WRITE, _word(address) + data)


def reg_write(servo: int, address: int, data: bytes) -> bytes:
    """Hold `data` back for `address` until `action`."""
    return _instruct(servo, Instruction.REG_WRITE, _word(address) + data)


def action(servo: int = BROADCAST) -> bytes:
    """Carry out what `reg_write` held back."""
    return _instruct(servo, Instruction.ACTION)


def factory_reset(servo: int, keep: int = 0x02) -> bytes:
    """Return to factory values: all (`keep` 0xFF), all but the id (1), or but id and baud (2)."""
    return _instruct(servo, Instruction.FACTORY_RESET, bytes([keep]))


def reboot(servo: int) -> bytes:
    """Restart the firmware: RAM to its defaults, faults cleared, torque off."""
    return _instruct(servo, Instruction.REBOOT)


def clear(servo: int) -> bytes:
    """Forget whole turns, so that the present position is within one; refused while moving."""
    return _instruct(servo, Instruction.CLEAR, CLEAR_TURNS)


def sync_read(ids: Iterable[int], address: int, size: int) -> bytes:
    """Ask several servos for the same block; each answers with its own status, in this order."""
    params = _word(address) + _word(size) + bytes(ids)
    return _instruct(BROADCAST, Instruction.SYNC_READ, params)


def fast_sync_read(ids: Iterable[int], address: int, size: int) -> bytes:
    """Ask several servos for the same block; they answer with one joint packet."""
    params = _word(address) + _word(size) + bytes(ids)
    return _instruct(BROADCAST, Instruction.FAST_SYNC_READ, params)


def sync_write(data: Mapping[int, bytes], address: int) -> bytes:
    """Put the bytes of each servo at the same address, all of one size; nobody answers."""
    sizes = {len(value) for value in data.values()}
    if len(sizes) != 1:
        raise BusError(
            f"sync write of sizes {sorted(sizes)}: one size for every servo is possible; "
            "split it by size"
        )
    blocks = b"".join(bytes([servo]) + value for servo, value in data.items())
    return _instruct(BROADCAST, Instruction.SYNC_WRITE, _word(address) + _word(*sizes) + blocks)


def bulk_read(blocks: Mapping[int, tuple[int, int]]) -> bytes:
    """Ask each servo for its own `(address, size)`; each answers with its own status."""
    params = b"".join(bytes([i]) + _word(a) + _word(n) for i, (a, n) in blocks.items())
    return _instruct(BROADCAST, Instruction.BULK_READ, params)


def bulk_write(blocks: Mapping[int, tuple[int, bytes]]) -> bytes:
    """Put each servo's bytes at its own address, `(address, data)`; nobody answers."""
    params = b"".join(
        bytes([servo]) + _word(address) + _word(len(data)) + data
        for servo, (address, data) in blocks.items()
    )
    return _instruct(BROADCAST, Instruction.BULK_WRITE, params)


def status(servo: int, error: int = 0, params: bytes = b"") -> bytes:
    """Return a servo's reply."""
    return encode(Frame(id=servo, instruction=STATUS, error=error, params=params))


@dataclass(frozen=True)
class Block:
    """One servo's part of the joint reply to a fast sync read."""

    error: int
    """Error byte, alert included."""
    data: bytes
    """The registers asked for."""


def fast_sync_length(servos: int, size: int) -> int:
    """Return the bytes of the joint reply of `servos` servos: 8, then 4 + `size` for each."""
    return 8 + servos * (4 + size)


def fast_sync_status(blocks: Mapping[int, Block], asked: int, size: int) -> bytes:
    """Return the joint reply; it stops where the first of the `asked` servos is missing.

    Every block ends with the CRC of all bytes so far, and nothing is stuffed.
    Source: e-manual, "Fast Sync Read".
    """
    length = _word(fast_sync_length(asked, size) - 7)
    packet = HEADER + bytes([BROADCAST]) + length + bytes([STATUS])
    for servo, block in blocks.items():
        packet += bytes([block.error, servo]) + block.data
        packet += _word(crc16(packet))
    return packet


def fast_sync_blocks(raw: bytes, ids: Sequence[int], size: int) -> dict[int, Block | None]:
    """Return what each servo said in a joint reply, damaged or cut short as it may be.

    A damaged block is None, an absent one has no entry. After a damaged block the checksum goes
    on from the CRC that arrived, so that one flipped bit costs one servo, not all that follow.
    """
    length = _word(fast_sync_length(len(ids), size) - 7)
    front = HEADER + bytes([BROADCAST]) + length + bytes([STATUS])
    start = raw.find(front)
    if start < 0:
        return {}
    blocks: dict[int, Block | None] = {}
    register, position = crc16(front), start + len(front)
    for servo in ids:
        body, tail = raw[position : position + 2 + size], raw[position + 2 + size :][:2]
        if len(tail) < 2:
            break
        arrived = int.from_bytes(tail, "little")
        whole = crc16(body, register) == arrived and body[1] == servo
        blocks[servo] = Block(body[0], body[2:]) if whole else None
        register, position = crc16(tail, arrived), position + len(body) + 2
    return blocks
