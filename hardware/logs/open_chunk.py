"""The chunk of a log that is being filled: messages in memory, until it is closed."""

import struct
import zlib

import lz4.frame
from mcap.opcode import Opcode
from mcap.records import Chunk, McapRecord, MessageIndex

from ashore.hardware.logs.log_disk import encoded

COMPRESSION = "lz4"
"""Name by which MCAP knows how chunks are compressed."""
_MESSAGE = struct.Struct("<BQHIQQ")
"""What a message begins with: kind, length, channel, sequence number, both stamps."""
_HEAD = struct.calcsize("<BQ")


class OpenChunk:
    """Collects messages, and becomes a chunk record with its message indexes; over and over.

    Source: MCAP format specification, "Message (op=0x05)", "Chunk (op=0x06)" and "Message Index
    (op=0x07)".
    """

    def __init__(self) -> None:
        self._content = bytearray()
        self._times: list[int] = []
        self._places: dict[int, list[tuple[int, int]]] = {}

    @property
    def size(self) -> int:
        """Bytes in it, before compression [B]."""
        return len(self._content)

    def describe(self, *records: McapRecord) -> None:
        """Add what a reader must know before the messages: schemas and channels."""
        self._content += encoded(*records)

    def add(self, channel: int, data: bytes, stamps: tuple[int, int], sequence: int) -> None:
        """Add one message; stamps are the host's clock and the robot's [ns]."""
        host, robot = stamps
        self._places.setdefault(channel, []).append((host, len(self._content)))
        self._times.append(host)
        length = _MESSAGE.size - _HEAD + len(data)
        self._content += _MESSAGE.pack(Opcode.MESSAGE, length, channel, sequence, host, robot)
        self._content += data

    def close(self) -> bytes:
        """Return the records of all that was added, and begin anew; nothing without a message."""
        if not self._times:
            return b""
        content, self._content = bytes(self._content), bytearray()
        chunk = Chunk(
            compression=COMPRESSION,
            data=lz4.frame.compress(content),
            message_start_time=min(self._times),
            message_end_time=max(self._times),
            uncompressed_crc=zlib.crc32(content),
            uncompressed_size=len(content),
        )
        found = self._places.items()
        indexes = [MessageIndex(channel_id=channel, records=places) for channel, places in found]
        self._times, self._places = [], {}
        return encoded(chunk, *indexes)
