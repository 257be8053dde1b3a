"""The records of an MCAP file, cut out by length before anything believes their content."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_chunk import LARGEST_CHUNK

_BLOCK = 1 << 20
_HEAD = 9


@dataclass(frozen=True)
class Frame:
    """One record of the file, its content not looked at."""

    offset: int
    """Where it begins [B]."""
    opcode: int
    """What it is."""
    payload: bytes | None
    """Its content; None when it is longer than any record of a log."""
    checksum: int
    """CRC-32 of the section before it: from the file's start, or from the last data record."""


class LogFrames:
    """Iterates over the records of an MCAP file to its end or to where it is cut.

    Afterwards `damage` says in one clause where the file was cut or its checksums failed, or is
    None, and `lost_bytes` counts what followed the last whole record.

    Raises:
        LogError: the file is missing, unreadable, empty, or not an MCAP file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None
        self.lost_bytes = 0
        self.size = 0
        self._checksum = 0

    def __iter__(self) -> Iterator[Frame]:
        try:
            with self.path.open("rb") as file:
                self.size = self._measure(file)
                yield from self._records(file)
        except OSError as error:
            raise LogError(
                f"cannot read the log {self.path}: {error.strerror}; check the path"
            ) from None

    def _measure(self, file: IO[bytes]) -> int:
        size = file.seek(0, 2)
        file.seek(0)
        magic = file.read(len(MCAP0_MAGIC))
        if size == 0:
            raise LogError(f"the log {self.path} is empty; its recording never began")
        if magic != MCAP0_MAGIC:
            raise LogError(
                f"{self.path} is not an MCAP file: it begins with {magic!r}; give a log that "
                f"Ashore recorded, or import it first"
            )
        self._checksum = zlib.crc32(magic)
        return size

    def _records(self, file: IO[bytes]) -> Iterator[Frame]:
        while self.damage is None:
            frame = self._next(file)
            if frame is None:
                return
            yield frame
            if frame.opcode == Opcode.DATA_END:
                self._checksum = 0
            if frame.opcode == Opcode.FOOTER:
                self._check_end(file, frame)
                return

    def _next(self, file: IO[bytes]) -> Frame | None:
        offset = file.tell()
        head = file.read(_HEAD)
        left = self.size - offset - _HEAD
        length = int.from_bytes(head[1:], "little")
        if len(head) < _HEAD or length > left:
            self.lost_bytes = self.size - offset
            self.damage = (
                f"it ends without its closing mark, at byte {self.size}; the {self.lost_bytes} "
                f"bytes from {offset} on are no whole record"
            )
            return None
        before = self._checksum
        payload = self._content(file, head, length)
        return Frame(offset, head[0], payload, before)

    def _content(self, file: IO[bytes], head: bytes, length: int) -> bytes | None:
        self._checksum = zlib.crc32(head, self._checksum)
        if length <= LARGEST_CHUNK:
            payload = file.read(length)
            self._checksum = zlib.crc32(payload, self._checksum)
            return payload
        for start in range(0, length, _BLOCK):
            block = file.read(min(_BLOCK, length - start))
            self._checksum = zlib.crc32(block, self._checksum)
        return None

    def _check_end(self, file: IO[bytes], footer: Frame) -> None:
        payload = footer.payload or b""
        head = bytes([footer.opcode]) + len(payload).to_bytes(8, "little")
        expected = int.from_bytes(payload[16:20], "little")
        actual = zlib.crc32(head + payload[:16], footer.checksum)
        if len(payload) != 20 or expected not in (0, actual):
            self.damage = "its index does not match its checksum"
        elif file.read(_BLOCK) != MCAP0_MAGIC:
            self.damage = "what follows its index is not MCAP's closing mark"
