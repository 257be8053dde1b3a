"""One chunk of a log, opened without trusting what it says about its size."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import lz4.frame
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk

from ashore.hardware.errors import LogError

LARGEST_CHUNK = 32 * 1024 * 1024
"""Largest chunk that is opened, before and after compression [B]; ours are 64 KiB."""

_LZ4_MAGIC = 0x184D2204
_STORED = 1 << 31
_HEAD = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")


class ChunkMessage(NamedTuple):
    """One message in a chunk."""

    channel: int
    """Number of its channel."""
    sequence: int
    """How many messages of its channel were sent before it."""
    host: int
    """The host's clock [ns]."""
    robot: int
    """The robot's clock [ns]."""
    data: bytes
    """Its content, not decoded."""


def chunk_records(payload: bytes) -> list[Channel | ChunkMessage]:
    """Return the channels and messages in a chunk record, its checksum verified.

    Source: MCAP format specification, "Chunk (op=0x06)" and "Message (op=0x05)".

    Raises:
        LogError: the chunk is damaged, too large, or compressed in a way that isn't read here.
    """
    try:
        chunk = Chunk.read(ReadDataStream(BytesIO(payload)))
        size = _uncompressed_size(chunk.compression, chunk.data)
        if size <= LARGEST_CHUNK:
            return list(_split(_content(chunk)))
    except LogError:
        raise
    except Exception as error:
        # The library answers damage with struct.error, RuntimeError, MemoryError and others.
        raise LogError(f"is damaged ({error or type(error).__name__})") from None
    raise LogError(f"would unpack to {size} bytes, over the {LARGEST_CHUNK} that a log's may have")


def _content(chunk: Chunk) -> bytes:
    data: bytes = chunk.data if chunk.compression == "" else lz4.frame.decompress(chunk.data)
    if chunk.uncompressed_crc not in (0, found := zlib.crc32(data)):
        raise LogError(f"is damaged (its checksum is {chunk.uncompressed_crc}, that of it {found})")
    return data


def _split(data: bytes) -> Iterator[Channel | ChunkMessage]:
    place, end = 0, len(data)
    while place < end:
        opcode, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        after = place + length
        if after > end:
            raise LogError(f"is damaged (a record of {length} bytes in {end - place})")
        if opcode == Opcode.MESSAGE:
            channel, sequence, host, robot = _MESSAGE.unpack_from(data, place)
            content = data[place + _MESSAGE.size : after]
            yield ChunkMessage(channel, sequence, host, robot, content)
        elif opcode == Opcode.CHANNEL:
            yield Channel.read(ReadDataStream(BytesIO(data[place:after])))
        place = after


def _uncompressed_size(compression: str, data: bytes) -> int:
    if compression == "":
        return len(data)
    if compression == "lz4":
        return _lz4_bound(data)
    raise LogError(f"is compressed as {compression!r}, and only 'lz4' and '' are read")


def _lz4_bound(data: bytes) -> int:
    """Return the largest size an LZ4 frame can unpack to, from its block headers alone [B].

    Source: LZ4 Frame Format Description 1.6.1, "Frame Descriptor" and "Data Blocks".
    """
    magic, flags, size_code = struct.unpack_from("<IBB", data)
    if magic != _LZ4_MAGIC:
        raise ValueError("no LZ4 frame")
    offset, declared = 7, 0
    if flags & 0x08:
        declared = struct.unpack_from("<Q", data, 6)[0]
        offset += 8
    offset += 4 if flags & 0x01 else 0
    largest_block = 1 << (8 + 2 * (size_code >> 4 & 0x07))
    bound = 0
    while block := struct.unpack_from("<I", data, offset)[0]:
        length = block & ~_STORED
        bound += length if block & _STORED else largest_block
        offset += 4 + length + (4 if flags & 0x10 else 0)
    return max(bound, declared)
