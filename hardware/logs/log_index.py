"""The index of a log, read back from the log itself: a recording keeps none of it in memory."""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence

from mcap.opcode import Opcode
from mcap.records import ChunkIndex, Footer, McapRecord, SummaryOffset
from mcap.writer import MCAP0_MAGIC

from ashore.hardware.logs.log_disk import LogDisk

_HEAD = struct.Struct("<BQ")
"""What each record begins with: its kind, and the length of its content [B]."""
_CHUNK = struct.Struct("<QQQII")
"""What a chunk begins with: first and last time, size, checksum, length of the next name."""
_CHANNEL = struct.Struct("<H")
"""What a message index begins with."""

Group = tuple[int, Iterator[McapRecord] | Sequence[McapRecord]]
"""A kind of record, and all records of that kind in the index."""


def write_index(disk: LogDisk, groups: Sequence[Group]) -> None:
    """Write the groups of records that make up the index, its checksum and the closing mark.

    Source: MCAP format specification, "Summary Section", "Summary Offset Section" and "Footer".

    Raises:
        OSError: the disk refused it.
    """
    disk.checksum = 0
    begin, offsets = disk.size, []
    for opcode, records in groups:
        start = disk.size
        for record in records:
            disk.put(record)
        if disk.size > start:
            length = disk.size - start
            offsets.append(
                SummaryOffset(group_opcode=opcode, group_start=start, group_length=length)
            )
    middle = disk.size
    for offset in offsets:
        disk.put(offset)
    head = struct.pack("<BQQQ", Opcode.FOOTER, 20, begin, middle)
    checksum = zlib.crc32(head, disk.checksum)
    disk.put(Footer(summary_start=begin, summary_offset_start=middle, summary_crc=checksum))
    disk.write(MCAP0_MAGIC)


def chunk_indexes(descriptor: int, end: int) -> Iterator[ChunkIndex]:
    """Read where the chunks of a log are, from its first `end` bytes.

    Only the heads of records are read, a few hundred bytes a second of log.
    """
    place = len(MCAP0_MAGIC)
    while place < end:
        opcode, length = _HEAD.unpack(os.pread(descriptor, _HEAD.size, place))
        after = place + _HEAD.size + length
        if opcode == Opcode.CHUNK:
            index = _index(descriptor, place, after, end)
            yield index
            after += index.message_index_length
        place = after


def _index(descriptor: int, begin: int, after: int, end: int) -> ChunkIndex:
    """Read of one chunk what an index says, and of the message indexes that follow it."""
    start, last, size, _, named = _CHUNK.unpack(
        os.pread(descriptor, _CHUNK.size, begin + _HEAD.size)
    )
    name = os.pread(descriptor, named, begin + _HEAD.size + _CHUNK.size)
    offsets, place = {}, after
    while place < end:
        head = os.pread(descriptor, _HEAD.size + _CHANNEL.size, place)
        opcode, length = _HEAD.unpack_from(head)
        if opcode != Opcode.MESSAGE_INDEX:
            break
        offsets[_CHANNEL.unpack_from(head, _HEAD.size)[0]] = place
        place += _HEAD.size + length
    return ChunkIndex(
        message_start_time=start,
        message_end_time=last,
        chunk_start_offset=begin,
        chunk_length=after - begin,
        message_index_offsets=offsets,
        message_index_length=place - after,
        compression=name.decode(),
        compressed_size=after - begin - _HEAD.size - _CHUNK.size - named - 8,
        uncompressed_size=size,
    )
