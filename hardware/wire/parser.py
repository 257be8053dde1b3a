"""`PacketParser`: bytes in, frames out; what the parsers of all wire protocols share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

STATUS = 0x55
"""What marks a frame as a servo's reply; Dynamixel's own code for it."""
BROADCAST = 0xFE
"""The id that means everyone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A packet whose checksum held."""

    id: int
    """Whom an instruction is for, or who sent a status; 254 is everyone."""
    instruction: int
    """Instruction code; 0x55 marks a status."""
    params: bytes
    """Unstuffed parameters; a status's error byte is not among them."""
    error: int = 0
    """Error byte of a status, as its protocol means it."""

    @property
    def is_status(self) -> bool:
        """Whether a servo sent it."""
        return self.instruction == STATUS


class PacketParser(ABC):
    """Finds packets in a stream; its buffer never passes one packet.

    What fails its checksum is counted and skipped by one byte, so that a frame swallowed by a
    damaged length is still found. A protocol fills in how its packets look.
    """

    header: bytes
    """How every packet begins."""
    prefix: int
    """Bytes up to and with the length field."""
    id_at: int
    """Where the id stands."""
    shortest: int
    """Least that a length field can say."""
    longest: int
    """Longest packet believed, in bytes behind the length field."""

    def __init__(self) -> None:
        self.corrupt = 0
        """Packets that began and were damaged, since the start."""
        self.corrupt_ids: list[int] = []
        """Ids those packets carried since the last `reset`, as far as they can be believed."""
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Return the bytes held back for an unfinished packet."""
        return len(self._buffer)

    @property
    def lacking(self) -> int:
        """Bytes that would finish the packet begun, or its length field; at least 1."""
        if not self._waiting():
            return self.prefix - len(self._buffer)
        return self.prefix + self._length_field(self._buffer) - len(self._buffer)

    def reset(self) -> None:
        """Forget the unfinished packet and the ids of damaged ones; `corrupt` stays."""
        self._buffer.clear()
        self.corrupt_ids.clear()

    def feed(self, data: bytes) -> list[Frame]:
        """Take `data` and return the frames it completes."""
        frames = []
        view = memoryview(data)
        for start in range(0, len(view), self.longest):
            self._buffer += view[start : start + self.longest]
            frames += self._frames()
        return frames

    def flush(self) -> list[Frame]:
        """Give the unfinished packet up as damaged, and return frames its bytes had swallowed."""
        frames = []
        while self._waiting():
            self._skip()
            frames += self._frames()
        return frames

    @abstractmethod
    def _length_field(self, buffer: bytearray) -> int:
        """Return how many bytes follow the length field, as the packet at the front says."""

    @abstractmethod
    def _decode(self, packet: bytes) -> Frame | None:
        """Return the frame of a whole packet, or None if it is damaged."""

    def _frames(self) -> list[Frame]:
        frames = []
        while self._align() and (length := self._length()) is not None:
            end = self.prefix + length
            if len(self._buffer) < end:
                break
            frame = self._decode(bytes(self._buffer[:end]))
            if frame is None:
                self._skip()
                continue
            frames.append(frame)
            del self._buffer[:end]
        return frames

    def _align(self) -> bool:
        """Drop what precedes the first header; return whether a header and length are there."""
        start = self._buffer.find(self.header)
        if start < 0:
            del self._buffer[: len(self._buffer) - self._overlap()]
        else:
            del self._buffer[:start]
        return self._waiting()

    def _length(self) -> int | None:
        """Return the length of the packet at the front, skipping headers whose length cannot be."""
        while self._waiting():
            length = self._length_field(self._buffer)
            if self.shortest <= length <= self.longest:
                return length
            self._skip()
            self._align()
        return None

    def _waiting(self) -> bool:
        return len(self._buffer) >= self.prefix

    def _skip(self) -> None:
        self.corrupt += 1
        self.corrupt_ids.append(self._buffer[self.id_at])
        del self._buffer[0]

    def _overlap(self) -> int:
        """Return how many bytes at the end of the buffer may begin a header."""
        sizes = range(len(self.header) - 1, -1, -1)
        return next(n for n in sizes if self._buffer.endswith(self.header[:n]))
