"""The joint reply to a fast read: one packet to which each servo adds its block.

    FF FF FD 00 | FE | LEN_L LEN_H | 55 | (ERR ID data CRC_L CRC_H) for each servo

Each CRC covers everything before it, and nothing is stuffed. A servo that is missing cuts the
packet short: those behind it wait for it, and say nothing.
Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0, Fast Sync Read" and "Fast Bulk Read".
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ashore.hardware.wire.frame import HEADER, crc16
from ashore.hardware.wire.parser import BROADCAST, STATUS

_FRONT = 8
_AROUND = 4  # error, id and CRC of a block


class Block(NamedTuple):
    """One servo's part of the joint reply to a fast read."""

    error: int
    """Error byte, alert included."""
    data: bytes
    """The registers asked for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a joint reply before any of it has come."""

    front: bytes
    """Its bytes up to the first block."""
    register: int
    """The checksum so far."""
    length: int
    """Bytes of the whole reply."""
    layout: struct.Struct
    """Error, id and data of each block, and the last CRC."""

    def is_whole(self, raw: bytes) -> bool:
        """Return whether `raw` holds as many bytes as the joint reply has, from its front on."""
        start = raw.find(self.front)
        return start >= 0 and len(raw) - start >= self.length

    def lacking(self, raw: bytes) -> int:
        """Return how many bytes at least it lacks, if `raw` came, stale replies too."""
        start = raw.find(self.front)
        if start < 0:
            return self.length - min(len(raw), len(self.front) - 1)
        return self.length - (len(raw) - start)

    def has_begun(self, raw: bytes) -> bool:
        """Return whether `raw` holds its front: somebody was there to give it."""
        return self.front in raw


@lru_cache(maxsize=64)
def shape(sizes: tuple[int, ...]) -> Shape:
    """Return the shape of the joint reply of servos that answer with `sizes` bytes each."""
    length = fast_length(sizes)
    front = HEADER + bytes([BROADCAST]) + (length - 7).to_bytes(2, "little") + bytes([STATUS])
    blocks = "2x".join(f"BB{size}s" for size in sizes)
    layout = struct.Struct(f"<{_FRONT}x{blocks}H")
    return Shape(front, crc16(front), length, layout)


def fast_length(sizes: Iterable[int]) -> int:
    """Return the bytes of the joint reply of servos that answer with `sizes` bytes each."""
    return _FRONT + sum(_AROUND + size for size in sizes)


def fast_sync_length(servos: int, size: int) -> int:
    """Return the bytes of the joint reply of `servos` servos: 8, then 4 + `size` for each."""
    return _FRONT + servos * (_AROUND + size)


def fast_status(blocks: Mapping[int, Block], sizes: Mapping[int, int]) -> bytes:
    """Return the joint reply of the servos asked, whose `sizes` are in the order of asking.

    It stops where the first one without a block is missing.
    """
    packet = shape(tuple(sizes.values())).front
    for servo in sizes:
        if servo not in blocks:
            break
        block = blocks[servo]
        packet += bytes([block.error, servo]) + block.data
        packet += crc16(packet).to_bytes(2, "little")
    return packet


def fast_sync_status(blocks: Mapping[int, Block], asked: int, size: int) -> bytes:
    """Return the joint reply of `blocks`, the first of `asked` servos with `size` bytes each."""
    packet = shape((size,) * asked).front
    for servo, block in blocks.items():
        packet += bytes([block.error, servo]) + block.data
        packet += crc16(packet).to_bytes(2, "little")
    return packet


def fast_blocks(raw: bytes, sizes: Mapping[int, int]) -> dict[int, Block | None]:
    """Return what each servo said in a joint reply, damaged or cut short as it may be.

    `sizes` are the bytes of each servo, in the order of asking. A damaged block is None, an absent
    one has no entry. After a damaged block the checksum goes on from the CRC that arrived, so that
    one flipped bit costs one servo, not all that follow.
    """
    known = shape(tuple(sizes.values()))
    position, register = raw.find(known.front), known.register
    if position < 0:
        return {}
    blocks: dict[int, Block | None] = {**_undamaged(raw[position:], sizes, known.layout)}
    if blocks:
        return blocks
    position += len(known.front)
    for servo, size in sizes.items():
        end = position + 2 + size
        if len(raw) < end + 2:
            break
        body, tail = raw[position:end], raw[end : end + 2]
        arrived = tail[0] | tail[1] << 8
        whole = crc16(body, register) == arrived and body[1] == servo
        blocks[servo] = Block(body[0], body[2:]) if whole else None
        register, position = crc16(tail, arrived), end + 2
    return blocks


def _undamaged(reply: bytes, sizes: Mapping[int, int], layout: struct.Struct) -> dict[int, Block]:
    """Return every block of a reply that is whole by its last CRC, which covers all; else none."""
    if len(reply) < layout.size:
        return {}
    *fields, last = layout.unpack_from(reply)
    if crc16(reply[: layout.size - 2]) != last or fields[1::3] != list(sizes):
        return {}
    return dict(zip(sizes, map(Block, fields[::3], fields[2::3]), strict=True))


def fast_sync_blocks(raw: bytes, ids: Sequence[int], size: int) -> dict[int, Block | None]:
    """Return what each servo said in a joint reply of `size` bytes each, as `fast_blocks` does."""
    return fast_blocks(raw, dict.fromkeys(ids, size))
