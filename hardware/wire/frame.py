"""One packet of Dynamixel Protocol 2.0: its checksum, its stuffing, and how to find it in a stream.

    FF FF FD 00 | ID | LEN_L LEN_H | INST | params | CRC_L CRC_H

Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0", https://emanual.robotis.com/docs/en/dxl/protocol2/.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.wire.parser import BROADCAST, STATUS, Frame, PacketParser

__all__ = [
    "BROADCAST",
    "HEADER",
    "LONGEST",
    "STATUS",
    "Frame",
    "Parser",
    "crc16",
    "encode",
    "seal",
    "stuff",
    "unstuff",
]

HEADER = b"\xff\xff\xfd\x00"
LONGEST = 4096
"""Longest packet believed, in bytes after LEN: the reply of a whole chain to a fast sync read."""

_PREFIX = len(HEADER) + 3
_PAIR = b"\xff\xff\xfd"


def _crc_table() -> list[int]:
    """CRC of every two bytes, the first in the high half: half the steps of a table of bytes."""
    table: NDArray[np.int64] = np.arange(1 << 16)
    for _ in range(16):
        table = (table << 1) ^ (table >> 15) * 0x18005
    values: list[int] = table.tolist()
    return values


_TABLE = _crc_table()


def crc16(data: bytes, register: int = 0) -> int:
    """Return the CRC of `data`: polynomial 0x8005, no reflection, going on from `register`.

    Source: ROBOTIS e-manual, "CRC".
    """
    table, pairs = _TABLE, len(data) >> 1
    for pair in struct.unpack_from(f">{pairs}H", data):
        register = table[register ^ pair]
    if len(data) & 1:
        # The table's first 256 entries are the CRCs of a single byte.
        register = (register << 8 & 0xFF00) ^ table[register >> 8 ^ data[-1]]
    return register


def stuff(body: bytes) -> bytes:
    """Return `body`, instruction and params, with an FD after every FF FF FD: no header hides."""
    return body.replace(_PAIR, b"\xff\xff\xfd\xfd")


def unstuff(body: bytes) -> bytes:
    """Undo `stuff`."""
    return body.replace(b"\xff\xff\xfd\xfd", _PAIR)


def seal(servo: int, body: bytes) -> bytes:
    """Return the packet around a body that is already stuffed: header, id, length and CRC."""
    packet = HEADER + bytes([servo]) + (len(body) + 2).to_bytes(2, "little") + body
    return packet + crc16(packet).to_bytes(2, "little")


def encode(frame: Frame) -> bytes:
    """Return the bytes of `frame` on the wire."""
    error = bytes([frame.error]) if frame.is_status else b""
    return seal(frame.id, stuff(bytes([frame.instruction]) + error + frame.params))


class Parser(PacketParser):
    """Finds packets of Protocol 2.0 in a stream, those of hosts and those of servos."""

    header, prefix, id_at = HEADER, _PREFIX, 4
    shortest, longest = 3, LONGEST

    def _length_field(self, buffer: bytearray) -> int:
        return buffer[5] | buffer[6] << 8

    def _decode(self, packet: bytes) -> Frame | None:
        """Return the frame of a whole packet, or None if it is damaged or too short for it."""
        if crc16(packet[:-2]) != packet[-2] | packet[-1] << 8:
            return None
        servo, body = packet[4], packet[_PREFIX:-2]
        instruction = body[0]
        # The joint reply to a fast read is the one packet that is never stuffed.
        if instruction != STATUS or servo != BROADCAST:
            body = unstuff(body)
        if instruction != STATUS:
            return Frame(id=servo, instruction=instruction, params=body[1:])
        if len(body) < 2:
            return None
        return Frame(id=servo, instruction=STATUS, error=body[1], params=body[2:])
