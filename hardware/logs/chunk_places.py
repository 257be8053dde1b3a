"""Where the chunks of a log are and which channels they hold, without reading what is in them."""

import os
import struct

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC

from ashore.hardware.logs.log_chunk import LARGEST_CHUNK
from ashore.hardware.logs.log_schemas import TOPIC_OF_ID

_HEAD = struct.Struct("<BQ")
_CHANNEL = struct.Struct("<H")


def chunk_places(descriptor: int) -> tuple[list[tuple[int, int]], dict[str, list[int]]]:
    """Where each chunk's content begins and how long it is, and which chunks hold each channel.

    By the heads of records alone, and by the channel that each message index behind a chunk is of.
    """
    places, holding = list[tuple[int, int]](), dict[str, list[int]]()
    place, end = len(MCAP0_MAGIC), os.fstat(descriptor).st_size
    while place + _HEAD.size <= end:
        head = os.pread(descriptor, _HEAD.size + _CHANNEL.size, place)
        opcode, length = _HEAD.unpack_from(head)
        place += _HEAD.size
        if opcode == Opcode.DATA_END or place + length > end:
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
