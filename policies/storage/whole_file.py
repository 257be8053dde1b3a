"""`write_file`: one file, whole or not at all, whatever ends the writing."""

import os
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, content: bytes | memoryview) -> None:
    """Write a file in place of the one that was there.

    It is on the disk before it gets its name, in one operation: at any moment, also after a kill or
    a power cut, there is the older file or the new one. What a failure leaves beside is removed.

    Raises:
        OSError: the disk is full, or the place cannot be written.
    """
    staging = path.with_name(f".{path.name}")
    try:
        put_on_disk(staging, content)
        os.replace(staging, path)
    finally:
        with suppress(OSError):
            staging.unlink(missing_ok=True)
    # Without this the new name may be lost with the power; some file systems cannot.
    with suppress(OSError):
        sync_folder(path.parent)


def put_on_disk(path: Path, content: bytes | memoryview) -> None:
    """Write a file, and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's table of contents to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
