"""The chunk of a log that is being filled: messages in memory, until it is closed."""

import zlib

import lz4.frame
from mcap.data_stream import RecordBuilder
from mcap.records import Chunk, McapRecord, Message, MessageIndex

from ashore.hardware.logs.log_disk import encoded, taken

COMPRESSION = "lz4"
"""Name by which MCAP knows how chunks are compressed."""


class OpenChunk:
    """Collects messages, and becomes a chunk record with its message indexes; over and over.

    Source: MCAP format specification, "Chunk (op=0x06)" and "Message Index (op=0x07)".
    """

    def __init__(self) -> None:
        self._content = RecordBuilder()
        self._times: list[int] = []
        self._places: dict[int, list[tuple[int, int]]] = {}

    @property
    def size(self) -> int:
        """Bytes in it, before compression [B]."""
        return self._content.count

    def describe(self, *records: McapRecord) -> None:
        """Add what a reader must know before the messages: schemas and channels."""
        for record in records:
            record.write(self._content)

    def add(self, message: Message) -> None:
        """Add one message."""
        place = (message.log_time, self._content.count)
        self._places.setdefault(message.channel_id, []).append(place)
        self._times.append(message.log_time)
        message.write(self._content)

    def close(self) -> bytes:
        """Return the records of all that was added, and begin anew; nothing without a message."""
        if not self._times:
            return b""
        content = taken(self._content)
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
