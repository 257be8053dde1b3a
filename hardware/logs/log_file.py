"""A log as a file: MCAP chunks that reach the disk when they are closed."""

import os
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import IO, Protocol, cast

from mcap.writer import CompressionType, Writer

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_schemas import CHANNELS

CHUNK_BYTES = 64 * 1024
"""Size at which a chunk is closed, before compression [B]."""


class _Closing(Protocol):
    """The part of the MCAP writer that ends chunks and files."""

    def flush(self) -> None: ...

    def finish(self) -> None: ...


class _Disk:
    """An unbuffered file that never writes part of what it was given without saying so."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) or 0 :]
        return len(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()


class LogFile:
    """A new MCAP file with a log's header and channels, ready for encoded messages.

    The header is on the disk when the constructor returns. Chunks are LZ4, at most 64 KiB and
    one message, each with a checksum; the whole data section and the index have one as well.

    Raises:
        LogError: `path` exists already, or cannot be written.
    """

    def __init__(self, path: str | Path, header: LogHeader) -> None:
        self.path = Path(path)
        metadata = header.metadata()
        self._file = _create(self.path)
        self._mcap = Writer(
            cast(IO[bytes], _Disk(self._file)),
            chunk_size=CHUNK_BYTES,
            compression=CompressionType.LZ4,
            enable_data_crcs=True,
        )
        self._closing: _Closing = self._mcap
        try:
            self._begin(metadata)
        except OSError as error:
            self.close()
            raise LogError(
                f"cannot write the log {path}: {error.strerror}; make room or choose another disk"
            ) from None
        self._ids = self._register()

    def _begin(self, metadata: Mapping[str, Mapping[str, str]]) -> None:
        self._mcap.start(profile="", library="ashore")
        for name, record in metadata.items():
            self._mcap.add_metadata(name, dict(record))
        self.sync()

    def _register(self) -> dict[str, int]:
        ids = {}
        for channel in CHANNELS:
            schema = 0
            if channel.schema:
                text = channel.schema.encode()
                schema = self._mcap.register_schema(channel.schema_name, "jsonschema", text)
            ids[channel.topic] = self._mcap.register_channel(
                channel.topic, channel.encoding, schema
            )
        return ids

    def add(self, topic: str, data: bytes, stamps: tuple[int, int], sequence: int) -> None:
        """Add one message to the open chunk.

        Args:
            topic: one of the log's channels.
            data: the encoded message.
            stamps: the host's clock and the robot's clock [ns].
            sequence: how many messages of this topic came before, so that a gap shows.
        """
        host, robot = stamps
        self._mcap.add_message(self._ids[topic], host, data, robot, sequence)

    def flush(self) -> None:
        """Close the open chunk and hand it to the kernel: from here it survives kill -9."""
        self._closing.flush()

    def sync(self) -> None:
        """Wait until all that was flushed is on the disk: from here it survives a power loss."""
        os.fdatasync(self._file.fileno())

    def finish(self) -> None:
        """Write the last chunk, the index and the closing mark."""
        self._closing.finish()
        self.sync()

    def close(self) -> None:
        """Close the file as it is, finished or not."""
        self._file.close()


def _create(path: Path) -> FileIO:
    try:
        return FileIO(path, "x")
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
