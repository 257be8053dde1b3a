"""The file under a log: every byte reaches the kernel, and is counted in a checksum."""

import os
import zlib
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from mcap.data_stream import RecordBuilder
from mcap.records import McapRecord

from ashore.hardware.errors import LogError


class LogDisk:
    """A new, unbuffered file that never writes part of what it was given without saying so.

    Raises:
        LogError: `path` exists already, or cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._file = _create(path)
        self.checksum = 0
        """CRC-32 of what was written since it was last set to 0."""
        self.size = 0
        """Bytes that were written [B]."""

    @property
    def descriptor(self) -> int:
        """Of the open file, to read from as well."""
        return self._file.fileno()

    def write(self, data: bytes) -> None:
        """Hand bytes to the kernel: from here they survive kill -9."""
        self.checksum = zlib.crc32(data, self.checksum)
        left = memoryview(data)
        while left:
            written = self._file.write(left) or 0
            self.size += written
            left = left[written:]

    def put(self, record: McapRecord) -> None:
        """Write one record."""
        self.write(encoded(record))

    def sync(self) -> None:
        """Wait until all that was written is on the disk: from here it survives a power loss."""
        os.fdatasync(self.descriptor)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def encoded(*records: McapRecord) -> bytes:
    """Records as they are in the file."""
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    end: Callable[[], bytes] = builder.end  # the library does not annotate it
    return end()


def _create(path: Path) -> FileIO:
    try:
        return FileIO(path, "x+")
    except FileExistsError:
        raise LogError(
            f"{path} exists already and a log never overwrites one; choose another name, "
            f"or move it away"
        ) from None
    except OSError as error:
        raise LogError(
            f"cannot create the log {path}: {error.strerror}; give a path in a folder that "
            f"exists and may be written"
        ) from None
