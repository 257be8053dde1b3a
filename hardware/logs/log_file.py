"""A log as a file: MCAP chunks that reach the disk when they are closed."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    DataEnd,
    Header,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
)
from mcap.writer import MCAP0_MAGIC

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_disk import LogDisk
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_index import chunk_indexes, write_index
from ashore.hardware.logs.log_schemas import CHANNELS, RAW
from ashore.hardware.logs.open_chunk import OpenChunk
from ashore.hardware.logs.wire_bytes import wrapped

CHUNK_BYTES = 64 * 1024
"""Size at which a chunk is closed, before compression [B]."""


class LogFile:
    """A new MCAP file with a log's header and channels, ready for encoded messages.

    The header is on the disk when the constructor returns. Chunks are LZ4, at most 64 KiB and
    one message, each with a checksum; the whole data section and the index have one as well.
    What it keeps in memory does not grow with the log: the index is read back from the file at
    its end. (The MCAP library's own writer keeps all of it, 4 kB a second.)

    Raises:
        LogError: `path` exists already, or cannot be written.
    """

    def __init__(self, path: str | Path, header: LogHeader) -> None:
        self.path = Path(path)
        metadata = header.metadata()
        self._disk = LogDisk(self.path)
        self._metadata: list[MetadataIndex] = []
        self._schemas, self._channels = _described()
        self._ids = {channel.topic: channel.id for channel in self._channels}
        self._counts: Counter[int] = Counter()
        self._chunks = 0
        self._first, self._last = 0, 0
        self._open = OpenChunk()
        try:
            self._begin(metadata)
        except OSError as error:
            self.close()
            raise LogError(
                f"cannot write the log {path}: {error.strerror}; make room or choose another disk"
            ) from None

    def _begin(self, metadata: Mapping[str, Mapping[str, str]]) -> None:
        self._disk.write(MCAP0_MAGIC)
        self._disk.put(Header(profile="", library="ashore"))
        for name, record in metadata.items():
            start = self._disk.size
            self._disk.put(Metadata(name=name, metadata=dict(record)))
            length = self._disk.size - start
            self._metadata.append(MetadataIndex(offset=start, length=length, name=name))
        self.sync()
        self._open.describe(*self._schemas, *self._channels)

    def add(self, topic: str, data: bytes, stamps: tuple[int, int], sequence: int) -> None:
        """Add one message to the open chunk.

        Args:
            topic: one of the log's channels.
            data: the encoded message; of a wire its bytes as they are.
            stamps: the host's clock and the robot's clock [ns].
            sequence: how many messages of this topic came before, so that a gap shows.
        """
        host, channel = stamps[0], self._ids[topic]
        self._first = min(self._first, host) if self._counts else host
        self._last = max(self._last, host)
        self._counts[channel] += 1
        content = wrapped(data) if topic in RAW else data
        self._open.add(channel, content, stamps, sequence)
        if self._open.size > CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Close the open chunk and hand it to the kernel: from here it survives kill -9."""
        if records := self._open.close():
            self._disk.write(records)
            self._chunks += 1

    def sync(self) -> None:
        """Wait until all that was flushed is on the disk: from here it survives a power loss."""
        self._disk.sync()

    def finish(self) -> None:
        """Write the last chunk, the index and the closing mark."""
        self.flush()
        chunks = chunk_indexes(self._disk.descriptor, self._disk.size)
        self._disk.put(DataEnd(self._disk.checksum))
        write_index(
            self._disk,
            (
                (Opcode.SCHEMA, self._schemas),
                (Opcode.CHANNEL, self._channels),
                (Opcode.STATISTICS, [self._statistics()]),
                (Opcode.CHUNK_INDEX, chunks),
                (Opcode.METADATA_INDEX, self._metadata),
            ),
        )
        self.sync()

    def close(self) -> None:
        """Close the file as it is, finished or not."""
        self._disk.close()

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=dict(self._counts),
            chunk_count=self._chunks,
            message_count=self._counts.total(),
            message_end_time=self._last,
            message_start_time=self._first,
            metadata_count=len(self._metadata),
            schema_count=len(self._schemas),
        )


def _described() -> tuple[list[Schema], list[Channel]]:
    """The channels of a log and their schemas, each schema once, as MCAP records."""
    schemas: dict[str, Schema] = {}
    channels: list[Channel] = []
    for number, channel in enumerate(CHANNELS, start=1):
        schema = schemas.setdefault(
            channel.schema_name,
            Schema(
                id=len(schemas) + 1,
                name=channel.schema_name,
                encoding=channel.schema_encoding,
                data=channel.schema,
            ),
        )
        channels.append(
            Channel(
                id=number,
                topic=channel.topic,
                message_encoding=channel.encoding,
                schema_id=schema.id,
                metadata={},
            )
        )
    return list(schemas.values()), channels
