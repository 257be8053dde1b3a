"""Numpy archives, read a few rows at a time, without trusting what they declare."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError

LARGEST_ROW = 1 << 20
"""Most bytes that a row of an array may have [B]."""


class NpyArray:
    """One array of numbers, `(T, …)`, as its header declares it and its size bears out."""

    def __init__(self, file: IO[bytes], size: int, where: str) -> None:
        self._file = file
        self._where = where
        with _told(where):
            version = np.lib.format.read_magic(file)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"version {version} of the npy format is not read")
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            self.shape, fortran, self.dtype = read(file)
        if self.dtype.kind not in "fiub":
            raise LogError(f"{where} holds {self.dtype}, and must hold numbers; no pickle is read")
        if fortran and len(self.shape) > 1:
            raise LogError(
                f"{where} is stored column by column; save it with numpy.ascontiguousarray"
            )
        count = 1
        for length in self.shape:
            count *= length
        if count * self.dtype.itemsize != size - file.tell():
            raise LogError(
                f"{where} declares shape {self.shape} of {self.dtype} and holds "
                f"{size - file.tell()} bytes; it was cut or edited"
            )
        self.rows = self.shape[0] if self.shape else 1
        """How many rows it has."""
        self._row = self.dtype.itemsize
        for length in self.shape[1:]:
            self._row *= length
        if self._row > LARGEST_ROW:
            raise LogError(f"a row of {where} has {self._row} bytes, over {LARGEST_ROW}")

    def read(self, rows: int) -> NDArray[Any]:
        """The next `rows` rows, or as many as there are.

        Raises:
            LogError: the archive is damaged here.
        """
        with _told(self._where):
            data = self._file.read(rows * self._row)
        whole = len(data) // self._row if self._row else 0
        return np.frombuffer(data, self.dtype).reshape(whole, *self.shape[1:])


class NpzFile:
    """An archive of arrays; `open` gives each as often as it is asked for."""

    def __init__(self, archive: zipfile.ZipFile, path: Path, stack: ExitStack) -> None:
        self._archive, self._path, self._stack = archive, path, stack
        self.names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        """The arrays' names."""

    def open(self, name: str) -> NpyArray:
        """Open an array.

        Raises:
            LogError: there is none, or it is not what it declares.
        """
        where = f"array {name!r} of {self._path}"
        if name not in self.names:
            listed = ", ".join(sorted(self.names)[:20]) or "none"
            raise LogError(f"{self._path} has no array {name!r}; it has {listed}")
        with _told(where):
            info = self._archive.getinfo(f"{name}.npy")
            file = self._stack.enter_context(self._archive.open(info))
        return NpyArray(file, info.file_size, where)


@contextmanager
def open_npz(path: Path) -> Iterator[NpzFile]:
    """Open an archive.

    Raises:
        LogError: it cannot be read, or is none.
    """
    with ExitStack() as stack:
        with _told(str(path)):
            archive = stack.enter_context(zipfile.ZipFile(path))
        yield NpzFile(archive, path, stack)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise LogError(f"cannot read {where}: No such file or directory; check the path") from None
    except (
        *(OSError, ValueError, EOFError, RuntimeError, NotImplementedError, KeyError, TypeError),
        *(SyntaxError, RecursionError, zipfile.BadZipFile, zlib.error, struct.error),
    ) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LogError(f"{where} is damaged or no numpy archive of numbers: {said}") from None
