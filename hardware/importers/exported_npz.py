"""The numpy archive that `ashore log export` writes, as a log."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.log_layout import (
    KINDS,
    LARGEST_HEADER,
    LogLayout,
    Signal,
    TableLayout,
)
from ashore.hardware.exporters.log_parts import Rows, Values
from ashore.hardware.exporters.npz_archive import ENDS, HEADER, members
from ashore.hardware.importers.exported import ROWS, write_exported
from ashore.hardware.importers.npy_reader import NpyArray, NpzFile, open_npz

LARGEST_CELL, FEW = 1 << 20, 32
"""Largest text or byte string that is read [B], and how many rows of such are held at once: an
archive may unpack to a thousand times its size."""


def import_npz_archive(path: str | Path, out: str | Path) -> Path:
    """Write the log that was exported to the archive `path`, and return its path.

    Raises:
        LogError: the archive is damaged, was cut or edited, or `out` exists.
    """
    with open_npz(Path(path)) as archive:
        header = archive.open(HEADER)
        if header.dtype != np.uint8 or header.rows > LARGEST_HEADER:
            raise LogError(f"the header of {path} is no text that an exported log has")
        layout = LogLayout.from_json(header.read(header.rows).tobytes(), path)
        names = members(layout)
        tables = {table.name: _batches(archive, names, table) for table in layout.tables}
        return write_exported(layout, tables, Path(out))


def _batches(archive: NpzFile, names: dict[str, str], table: TableLayout) -> Iterator[Rows]:
    sources = {
        signal.name: _Source(archive, names[f"{table.name}.{signal.name}"], signal, table.rows)
        for signal in table.signals
    }
    most = FEW if any(signal.kind not in KINDS for signal in table.signals) else ROWS
    for begin in range(0, table.rows, most):
        count = min(most, table.rows - begin)
        yield {name: source.read(count) for name, source in sources.items()}


class _Source:
    """Where a signal's rows come from."""

    def __init__(self, archive: NpzFile, name: str, signal: Signal, rows: int) -> None:
        self._name, self._signal, self._end = name, signal, 0
        self._values = archive.open(name)
        if signal.kind in KINDS:
            self._require(self._values, KINDS[signal.kind], (rows, signal.width))
            return
        self._ends = archive.open(name + ENDS)
        self._require(self._values, "|u1", (self._values.rows,))
        self._require(self._ends, "<u8", (rows,))

    def _require(self, found: NpyArray, kind: str, shape: tuple[int, ...]) -> None:
        if found.dtype != np.dtype(kind) or found.shape != shape:
            raise LogError(
                f"{self._name} is {found.dtype} of shape {found.shape} and the header says "
                f"{np.dtype(kind)} of shape {shape}; export the log again"
            )

    def read(self, count: int) -> Values:
        """The next rows."""
        if self._signal.kind in KINDS:
            values = self._values.read(count)
            if self._signal.width == 0:
                return np.empty((count, 0))
            return values
        cells = [self._cell(int(end)) for end in self._ends.read(count)]
        if self._signal.kind == "bytes":
            return cells
        try:
            return [cell.decode() for cell in cells]
        except UnicodeDecodeError as error:
            raise LogError(f"{self._name} is no text: {error}") from None

    def _cell(self, end: int) -> bytes:
        length = end - self._end
        if not 0 <= length <= LARGEST_CELL:
            raise LogError(
                f"a row of {self._name} has {length} bytes, by its {ENDS}; allowed: 0 to "
                f"{LARGEST_CELL}"
            )
        self._end = end
        cell = self._values.read(length).tobytes()
        if len(cell) != length:
            raise LogError(f"{self._name} ends before its last row does")
        return cell
