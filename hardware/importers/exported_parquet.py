"""The Parquet folder that `ashore log export` writes, as a log."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.log_layout import KINDS, TABLES, LogLayout, TableLayout
from ashore.hardware.exporters.log_parts import Rows, Values
from ashore.hardware.exporters.optional import optional
from ashore.hardware.exporters.parquet_folder import HEADER, fields
from ashore.hardware.importers.exported import ROWS, write_exported


def import_parquet_folder(folder: str | Path, out: str | Path) -> Path:
    """Write the log that was exported to `folder`, and return its path.

    Raises:
        LogError: pyarrow is absent, a file is missing, was cut or edited, or `out` exists.
    """
    folder = Path(folder)
    with ExitStack() as stack:
        files = {}
        for name in TABLES:
            path = folder / f"{name}.parquet"
            files[name] = stack.enter_context(open_parquet(path))
        about = files[TABLES[0]].schema_arrow.metadata or {}
        layout = LogLayout.from_json(about.get(HEADER, b""), folder / f"{TABLES[0]}.parquet")
        tables = {
            table.name: _batches(folder / f"{table.name}.parquet", files[table.name], table)
            for table in layout.tables
        }
        return write_exported(layout, tables, Path(out))


def open_parquet(path: Path) -> Any:
    """Open a Parquet file.

    Raises:
        LogError: pyarrow is absent, or the file is missing or damaged.
    """
    with optional():
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        return pq.ParquetFile(path)
    except OSError as error:
        said = error.strerror or str(error).splitlines()[0]
        raise LogError(f"cannot read {path}: {said}; check the path") from None
    except pa.ArrowException as error:
        raise LogError(f"{path} is damaged or no Parquet: {_line(error)}") from None


def read_batches(path: Path, file: Any, columns: list[str], rows: int) -> Iterator[Any]:
    """Record batches of some columns of a Parquet file.

    Raises:
        LogError: the file is damaged.
    """
    import pyarrow as pa

    try:
        yield from file.iter_batches(batch_size=rows, columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise LogError(f"{path} is damaged: {_line(error)}") from None


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _batches(path: Path, file: Any, table: TableLayout) -> Iterator[Rows]:
    wanted = [(field.name, field.type) for field in fields(table)]
    if [(field.name, field.type) for field in file.schema_arrow] != wanted:
        raise LogError(f"{path} has other columns than its header says; export the log again")
    for batch in read_batches(path, file, [name for name, _ in wanted], ROWS):
        if any(column.null_count for column in batch.columns):
            raise LogError(f"{path} has empty cells; export the log again")
        try:
            yield _rows(table, batch)
        except UnicodeDecodeError as error:
            raise LogError(f"{path} is damaged: {error}") from None


def _rows(table: TableLayout, batch: Any) -> Rows:
    found: dict[str, Values] = {}
    at = 0
    for signal in table.signals:
        columns = batch.columns[at : at + signal.width]
        at += signal.width
        if signal.kind not in KINDS:
            found[signal.name] = columns[0].to_pylist()
            continue
        values = np.empty((batch.num_rows, signal.width), KINDS[signal.kind])
        for column, cells in enumerate(columns):
            values[:, column] = cells.to_numpy()
        found[signal.name] = values
    return found
