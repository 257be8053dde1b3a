"""Where the chunks of a log are and which channels they hold, without reading what is in them."""

import os
import struct
import zlib
from collections.abc import Iterator

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC

from ashore.hardware.logs.log_chunk import LARGEST_CHUNK
from ashore.hardware.logs.log_schemas import TOPIC_OF_ID

_HEAD = struct.Struct("<BQ")
"""What each record begins with: its kind, and the length of its content [B]."""
_CHANNEL = struct.Struct("<H")
_FOOTER = struct.Struct("<BQQQI")
"""A footer whole: kind, length, begin of the index, of its second part, and its checksum."""
_INDEX = struct.Struct("<QQQQI")
"""What a chunk's index begins with: two times, where it is, its length, length of what follows."""
_OFFSET = struct.Struct("<HQ")
"""A channel, and where the chunk's messages of it are listed."""
LARGEST_INDEX = 1 << 28
"""Longest index that is believed; of a longer one the chunks are looked up one by one [B]."""

Places = tuple[list[tuple[int, int]], dict[str, list[int]]]
"""Where each chunk's content begins and how long it is; which chunks hold each channel."""


def chunk_places(descriptor: int) -> Places:
    """Find the chunks of a file: by its index, or by the heads of its records where it has none.

    Source: MCAP format specification, "Summary Section", "Chunk Index" and "Footer".
    """
    size = os.fstat(descriptor).st_size
    return _by_index(descriptor, size) or _by_heads(descriptor, size)


def _by_index(descriptor: int, size: int) -> Places | None:
    """By the index at the end; None if it is not whole, or tells of places that cannot be."""
    tail = _FOOTER.size + len(MCAP0_MAGIC)
    footer = os.pread(descriptor, tail, max(0, size - tail))
    if len(footer) < tail or not footer.endswith(MCAP0_MAGIC):
        return None
    opcode, _, begin, _, checksum = _FOOTER.unpack_from(footer)
    length = size - tail - begin
    if opcode != Opcode.FOOTER or begin == 0 or not 0 < length < LARGEST_INDEX:
        return None
    index = os.pread(descriptor, length, begin)
    if zlib.crc32(footer[: _FOOTER.size - 4], zlib.crc32(index)) != checksum:
        return None
    places, holding = list[tuple[int, int]](), dict[str, list[int]]()
    for content in _contents(index, Opcode.CHUNK_INDEX):
        if len(content) < _INDEX.size:
            return None
        _, _, place, length, listed = _INDEX.unpack_from(content)
        after = sum(places[-1]) if places else len(MCAP0_MAGIC)
        if not (after <= place and 0 < length - _HEAD.size <= LARGEST_CHUNK):
            return None
        if place + length > begin or _INDEX.size + listed > len(content):
            return None
        for offset in range(_INDEX.size, _INDEX.size + listed - _OFFSET.size + 1, _OFFSET.size):
            topic = TOPIC_OF_ID.get(_OFFSET.unpack_from(content, offset)[0], "")
            holding.setdefault(topic, []).append(len(places))
        places.append((place + _HEAD.size, length - _HEAD.size))
    return (places, holding) if places else None


def _contents(index: bytes, wanted: int) -> Iterator[bytes]:
    """The records of a kind in an index."""
    place = 0
    while place + _HEAD.size <= len(index):
        opcode, length = _HEAD.unpack_from(index, place)
        place += _HEAD.size
        if opcode == wanted:
            yield index[place : place + length]
        place += length


def _by_heads(descriptor: int, size: int) -> Places:
    """By the heads of records, and the channel that each message index behind a chunk is of."""
    places, holding = list[tuple[int, int]](), dict[str, list[int]]()
    place = len(MCAP0_MAGIC)
    while place + _HEAD.size <= size:
        head = os.pread(descriptor, _HEAD.size + _CHANNEL.size, place)
        opcode, length = _HEAD.unpack_from(head)
        place += _HEAD.size
        if opcode == Opcode.DATA_END or place + length > size:
            break
        if opcode == Opcode.CHUNK and length <= LARGEST_CHUNK:
            places.append((place, length))
        elif opcode == Opcode.MESSAGE_INDEX and places:
            holding.setdefault(_topic(head), []).append(len(places) - 1)
        place += length
    return places, holding


def _topic(head: bytes) -> str:
    """Topic that a message index is of, by its first bytes; empty if it is none of a log's."""
    if len(head) < _HEAD.size + _CHANNEL.size:
        return ""
    return TOPIC_OF_ID.get(_CHANNEL.unpack_from(head, _HEAD.size)[0], "")
