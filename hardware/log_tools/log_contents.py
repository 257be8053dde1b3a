"""`read_contents`: what the index of a log says, and the few messages that it is asked for."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, ChunkIndex, Metadata, Statistics

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_chunk import LARGEST_CHUNK, chunk_records
from ashore.hardware.logs.log_frames import Frame, LogFrames
from ashore.hardware.logs.log_header import LogHeader, read_header
from ashore.hardware.logs.log_scan import LogMessage
from ashore.hardware.logs.log_schemas import CHANNELS, EVENT

_HEADER = ("ashore", "spec", "contract", "setup")
_TOPICS = frozenset(channel.topic for channel in CHANNELS)


@dataclass(frozen=True, kw_only=True)
class LogContents:
    """What a whole log says about itself, without its messages."""

    header: LogHeader
    """Which robot, spec, contract and setup it is of."""
    counts: dict[str, int]
    """Messages of each channel, by the index."""


class _NoIndex(Exception):
    """The index is absent, or contradicts the file."""


def read_contents(path: Path, hear: Callable[[LogMessage], None]) -> LogContents | None:
    """Read a log by its index; None if the file is not whole, or has no index to be trusted.

    The checksums of the data and of the index are verified over the whole file. `hear` is called
    with the messages of those chunks that hold an event, or the first or last of a channel.

    Raises:
        LogError: the file is missing, empty, or not an MCAP file.
    """
    frames = LogFrames(path)
    try:
        with path.open("rb") as file:
            reader = _Reader(file, hear)
            for frame in frames:
                reader.take(frame)
            return None if frames.damage else reader.contents()
    except OSError as error:
        raise LogError(f"cannot read the log {path}: {error.strerror}; check the path") from None
    except _NoIndex:
        return None


@dataclass
class _Reader:
    """Takes in the records of one file, in their order."""

    file: IO[bytes]
    hear: Callable[[LogMessage], None]
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    counts: dict[str, int] | None = None
    ended: bool = False
    behind: int = 0
    """Where the last chunk of the index ends [B]."""
    last: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Where the last chunk of each channel is, and its length [B]."""
    heard: set[str] = field(default_factory=set)

    def take(self, frame: Frame) -> None:
        """Take one record in."""
        try:
            self._take(frame)
        except _NoIndex:
            raise
        except Exception:
            # The library answers damage with struct.error, UnicodeDecodeError and others.
            raise _NoIndex from None

    def _take(self, frame: Frame) -> None:
        stream = ReadDataStream(BytesIO(frame.payload or b""))
        if frame.opcode == Opcode.MESSAGE:
            raise _NoIndex
        if frame.opcode == Opcode.METADATA and not self.ended:
            record = Metadata.read(stream)
            if record.name in _HEADER:
                self.metadata.setdefault(record.name, record.metadata)
        elif frame.opcode == Opcode.DATA_END:
            self.ended = True
            if int.from_bytes((frame.payload or b"")[:4], "little") != frame.checksum:
                raise _NoIndex
        elif self.ended and frame.opcode == Opcode.CHANNEL:
            channel = Channel.read(stream)
            self.topics[channel.id] = channel.topic
        elif self.ended and frame.opcode == Opcode.STATISTICS:
            counts = Statistics.read(stream).channel_message_counts
            self.counts = {self.topics[key]: count for key, count in counts.items() if count}
        elif self.ended and frame.opcode == Opcode.CHUNK_INDEX:
            self._chunk(ChunkIndex.read(stream))

    def _chunk(self, index: ChunkIndex) -> None:
        begin, length = index.chunk_start_offset, index.chunk_length
        if begin < self.behind:
            raise _NoIndex
        self.behind = begin + length
        here = {self.topics[key] for key in index.message_index_offsets} & _TOPICS
        for topic in here:
            self.last[topic] = begin, length
        if EVENT in here or here - self.heard:
            self._read(begin, length)
        self.heard |= here

    def _read(self, begin: int, length: int) -> None:
        """Decode one chunk, and pass its messages on."""
        head = os.pread(self.file.fileno(), 9, begin)
        size = int.from_bytes(head[1:], "little")
        if head[:1] != bytes([Opcode.CHUNK]) or size + 9 != length or size > LARGEST_CHUNK:
            raise _NoIndex
        for record in chunk_records(os.pread(self.file.fileno(), size, begin + 9)):
            if isinstance(record, Channel) or (topic := self.topics[record.channel]) not in _TOPICS:
                continue
            self.hear(LogMessage(topic, record.data, (record.host, record.robot), record.sequence))

    def contents(self) -> LogContents | None:
        """What was found, with the last messages heard; None without an index."""
        if self.counts is None or not self.ended or set(self.counts) - set(self.last):
            return None
        for begin, length in sorted(set(self.last.values())):
            try:
                self._read(begin, length)
            except (LogError, KeyError):
                return None
        try:
            header, damage = read_header(self.metadata)
        except LogError:
            return None
        known = {topic: count for topic, count in self.counts.items() if topic in _TOPICS}
        return None if damage else LogContents(header=header, counts=known)
