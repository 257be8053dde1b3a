"""A log as a folder of Parquet files, one a table."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ashore.hardware.exporters.log_layout import TableLayout
from ashore.hardware.exporters.log_parts import Rows, parts, survey
from ashore.hardware.exporters.optional import optional
from ashore.hardware.new_place import new_place

HEADER = b"ashore"
"""Key of the schema's metadata that holds the header's JSON."""
UNIT = b"unit"
"""Key of a column's metadata that holds its unit."""


def export_parquet(path: str | Path, out: str | Path) -> str | None:
    """Write reading.parquet, command.parquet, policy.parquet, event.parquet and raw.parquet.

    A column a joint, such as `position.front_left_hip`, with its unit in the column's metadata
    and the log's header in the schema's; a row group for each part of the log.

    Returns:
        What of the log was lost before, or None.

    Raises:
        LogError: pyarrow is absent, `path` is no log, `out` exists, or the disk refuses.
    """
    with optional():
        import pyarrow as pa
        import pyarrow.parquet as pq
    layout = survey(path)
    about = {HEADER: layout.to_json()}
    with new_place(Path(out)) as folder, ExitStack() as stack:
        folder.mkdir()
        writers: dict[str, Any] = {}
        schemas: dict[str, Any] = {}
        for table in layout.tables:
            schemas[table.name] = pa.schema(fields(table), metadata=about)
            file = folder / f"{table.name}.parquet"
            writer = pq.ParquetWriter(file, schemas[table.name], compression="zstd")
            writers[table.name] = stack.enter_context(writer)
        for part in parts(path, layout):
            for name, rows in part.items():
                columns = _columns(layout.table(name), rows, schemas[name])
                writers[name].write_table(pa.Table.from_arrays(columns, schema=schemas[name]))
    return layout.damage


def fields(table: TableLayout) -> list[Any]:
    """The Arrow fields of a table's columns."""
    import pyarrow as pa

    kinds = {
        "f8": pa.float64(), "f4": pa.float32(), "u1": pa.uint8(), "u8": pa.uint64(),
        "text": pa.string(), "bytes": pa.binary(),
    }
    return [
        pa.field(name, kinds[signal.kind], nullable=False, metadata={UNIT: signal.unit.encode()})
        for name, signal in table.columns(units=False)
    ]


def _columns(table: TableLayout, rows: Rows, schema: Any) -> list[Any]:
    import pyarrow as pa

    columns: list[Any] = []
    for signal in table.signals:
        values = rows[signal.name]
        columns += [values] if isinstance(values, list) else list(values.T)
    return [pa.array(values, type=f.type) for values, f in zip(columns, schema, strict=True)]
