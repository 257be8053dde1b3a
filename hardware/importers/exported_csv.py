"""The CSV folder that `ashore log export` writes, as a log."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.csv_folder import HEADER
from ashore.hardware.exporters.log_layout import (
    KINDS,
    LARGEST_HEADER,
    LogLayout,
    Signal,
    TableLayout,
)
from ashore.hardware.exporters.log_parts import Rows, Values
from ashore.hardware.importers.exported import ROWS, write_exported
from ashore.hardware.importers.wide_cells import wide_cells


def import_csv_folder(folder: str | Path, out: str | Path) -> Path:
    """Write the log that was exported to `folder`, and return its path.

    Raises:
        LogError: a file is missing, was cut or edited, or `out` exists.
    """
    folder = Path(folder)
    try:
        with (folder / HEADER).open("rb") as header:
            text = header.read(LARGEST_HEADER)
    except OSError as error:
        raise LogError(f"cannot read {folder / HEADER}: {error.strerror}") from None
    layout = LogLayout.from_json(text, folder / HEADER)
    with ExitStack() as stack:
        stack.enter_context(wide_cells())
        tables = {}
        for table in layout.tables:
            path = folder / f"{table.name}.csv"
            try:
                file = stack.enter_context(path.open(encoding="utf-8", newline=""))
            except OSError as error:
                raise LogError(f"cannot read {path}: {error.strerror}") from None
            tables[table.name] = _batches(path, file, table)
        return write_exported(layout, tables, Path(out))


def _batches(path: Path, file: TextIO, table: TableLayout) -> Iterator[Rows]:
    try:
        rows = csv.reader(file, strict=True)
        wanted = [name for name, _ in table.columns()]
        if next(rows, None) != wanted:
            raise LogError(f"{path} does not begin with the columns that {HEADER} names")
        while batch := list(islice(rows, ROWS)):
            if any(len(row) != len(wanted) for row in batch):
                raise LogError(f"a row of {path} has more or fewer than {len(wanted)} cells")
            yield _rows(table, list(zip(*batch, strict=True)))
    except (ValueError, OverflowError, csv.Error) as error:
        raise LogError(f"{path} holds what its column does not: {error}; mend that cell") from None


def _rows(table: TableLayout, columns: Sequence[Sequence[str]]) -> Rows:
    found: dict[str, Values] = {}
    at = 0
    for signal in table.signals:
        found[signal.name] = _values(signal, columns[at : at + signal.width], len(columns[0]))
        at += signal.width
    return found


def _values(signal: Signal, columns: Sequence[Sequence[str]], count: int) -> Values:
    if signal.kind == "text":
        return list(columns[0])
    if signal.kind == "bytes":
        return [bytes.fromhex(cell) for cell in columns[0]]
    values = np.empty((count, signal.width), KINDS[signal.kind])
    cast = float if signal.kind in ("f8", "f4") else int
    for column, cells in enumerate(columns):
        values[:, column] = [cast(cell) for cell in cells]
    return values
