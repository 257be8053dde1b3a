"""The good messages of a log file, and an account of the others."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata, Statistics

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_chunk import ChunkMessage, chunk_records
from ashore.hardware.logs.log_frames import Frame, LogFrames
from ashore.hardware.logs.log_header import PLAIN, LogHeader, read_header
from ashore.hardware.logs.log_schemas import CHANNELS, RAW, TOPIC_OF_ID
from ashore.hardware.logs.wire_bytes import unwrapped

_TOPICS = frozenset(channel.topic for channel in CHANNELS)


@dataclass(frozen=True)
class LogMessage:
    """One message as it is in the file."""

    topic: str
    """Its channel."""
    data: bytes
    """Its content, not decoded; of a wire its bytes."""
    stamps: tuple[int, int]
    """The host's clock and the robot's clock [ns]."""
    sequence: int
    """How many messages of its topic were sent before it."""


class LogScan:
    """Iterates over the messages of a log that can be trusted, in file order, once.

    Every chunk is verified by its checksum, and a bad one is stepped over. Messages that are
    missing in between show by their sequence numbers. Afterwards `damage` tells all that is
    wrong with the file, or is None; `kept` and `lost` count messages, where messages after a
    cut can't be counted.

    Raises:
        LogError: the file is missing, empty, not MCAP, not a log of Ashore, or of an unknown
            format version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.kept = 0
        self.bad_header: str | None = None
        self._frames = LogFrames(self.path)
        self._metadata: dict[str, dict[str, str]] = {}
        self._topics = dict(TOPIC_OF_ID)
        self._due: Counter[str] = Counter()
        self._gaps: Counter[str] = Counter()
        self._first_gap: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._bad: list[str] = []
        self._header: LogHeader | None = None
        self._promised = 0
        self._ended = False

    @property
    def header(self) -> LogHeader:
        """What the log says about itself; after the scan.

        Raises:
            LogError: the file holds no header of a log.
        """
        if self._header is None:
            self._read_header()
        if self._header is None:
            raise LogError(
                f"nothing of {self.path} can be read: it ends inside its header, at byte "
                f"{self._frames.size}; its recording never began"
            )
        return self._header

    @property
    def lost(self) -> int:
        """How many messages are known to be missing."""
        return max(self._gaps.total(), self._promised - self.kept)

    @property
    def lost_bytes(self) -> int:
        """How many bytes follow the last whole record [B]."""
        return self._frames.lost_bytes

    @property
    def damage(self) -> str | None:
        """What is wrong with the file, and where, or None."""
        told = self.findings
        return f"{self.path}: " + "; ".join(told) if told else None

    @property
    def findings(self) -> list[str]:
        """What is wrong with the file, and where, one by one."""
        gaps = [
            f"{count} messages of {topic} are missing, the first {self._first_gap[topic]}"
            for topic, count in self._gaps.items()
        ]
        cut = self._frames.damage
        if cut and self._last:
            cut += f"; the last message that was kept is at {max(self._last.values()) / 1e9:.3f} s"
        parts = [self.bad_header, *self._bad, cut, *gaps]
        return [part for part in parts if part]

    def __iter__(self) -> Iterator[LogMessage]:
        for frame in self._frames:
            if frame.opcode == Opcode.CHUNK:
                self._read_header()
                yield from self._messages(frame)
            elif frame.opcode == Opcode.MESSAGE:
                self._bad.append(f"an unprotected message at byte {frame.offset} is not read")
            elif frame.opcode == Opcode.METADATA and not self._ended:
                self._read_metadata(frame)
            elif frame.opcode == Opcode.DATA_END:
                self._check_data(frame)
            elif frame.opcode == Opcode.STATISTICS:
                self._read_statistics(frame)

    def _read_header(self) -> None:
        cut = self._frames.damage is not None and "ashore" not in self._metadata
        if self._header is None and not cut:
            try:
                self._header, self.bad_header = read_header(self._metadata)
            except LogError as error:
                raise LogError(f"{self.path} cannot be read as a log: {error}") from None

    def _read_metadata(self, frame: Frame) -> None:
        try:
            record = Metadata.read(_stream(frame))
            self._metadata.setdefault(record.name, record.metadata)
        except Exception:
            # The library answers damage with struct.error, UnicodeDecodeError and others.
            self._bad.append(f"the metadata at byte {frame.offset} is damaged")

    def _read_statistics(self, frame: Frame) -> None:
        try:
            counts = Statistics.read(_stream(frame)).channel_message_counts
            self._promised = sum(n for key, n in counts.items() if key in self._topics)
        except Exception:
            # As above; the index's own checksum tells of it.
            self._promised = 0

    def _check_data(self, frame: Frame) -> None:
        self._ended = True
        expected = int.from_bytes((frame.payload or b"")[:4], "little")
        if expected not in (0, frame.checksum) and not self._bad:
            self._bad.append(
                "its data do not match their checksum, though every chunk that was found does"
            )

    def _messages(self, frame: Frame) -> Iterator[LogMessage]:
        try:
            if frame.payload is None:
                raise LogError("is larger than any chunk of a log")
            records = chunk_records(frame.payload)
        except LogError as error:
            self._bad.append(f"the chunk at byte {frame.offset} {error} and is left out")
            return
        for record in records:
            if isinstance(record, Channel):
                self._topics[record.id] = record.topic
                continue
            topic = self._topics.get(record.channel)
            if topic in _TOPICS:
                yield self._count(topic, record)

    def _count(self, topic: str, message: ChunkMessage) -> LogMessage:
        self.kept += 1
        missing = message.sequence - self._due[topic]
        if missing > 0:
            before = self._last.get(topic)
            since = "at the start" if before is None else f"after {before / 1e9:.3f} s"
            self._first_gap.setdefault(topic, f"{since}, before {message.robot / 1e9:.3f} s")
            self._gaps[topic] += missing
        self._due[topic] = message.sequence + 1
        self._last[topic] = message.robot
        stamps = (message.host, message.robot)
        return LogMessage(topic, self._content(topic, message), stamps, message.sequence)

    def _content(self, topic: str, message: ChunkMessage) -> bytes:
        if topic not in RAW or self._metadata.get("ashore", {}).get("format") == PLAIN:
            return message.data
        try:
            return unwrapped(message.data)
        except LogError as error:
            raise LogError(
                f"message {message.sequence} of {topic} in {self.path} is not one of Ashore's: "
                f"{error}; read the file with the program that wrote it"
            ) from None


def _stream(frame: Frame) -> ReadDataStream:
    return ReadDataStream(BytesIO(frame.payload or b""))
