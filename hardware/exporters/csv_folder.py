"""A log as a folder of CSV files, one a table, and header.json."""

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from ashore.hardware.exporters.log_layout import TableLayout
from ashore.hardware.exporters.log_parts import Rows, Values, parts, survey
from ashore.hardware.new_place import new_place

HEADER = "header.json"
"""The file that says what the others are."""


def export_csv(path: str | Path, out: str | Path) -> str | None:
    """Write reading.csv, command.csv, policy.csv, event.csv, raw.csv and header.json.

    A column a joint, such as `position.front_left_hip [rad]`. Numbers are written so that they
    come back bit for bit; bytes are hexadecimal.

    Returns:
        What of the log was lost before, or None.

    Raises:
        LogError: `path` is no log, `out` exists, or the disk refuses.
    """
    layout = survey(path)
    with new_place(Path(out)) as folder, ExitStack() as stack:
        folder.mkdir()
        (folder / HEADER).write_bytes(layout.to_json())
        writers = {}
        for table in layout.tables:
            place = folder / f"{table.name}.csv"
            file = stack.enter_context(place.open("w", encoding="utf-8", newline=""))
            writers[table.name] = csv.writer(file)
            writers[table.name].writerow([column for column, _ in table.columns()])
        for part in parts(path, layout):
            for name, rows in part.items():
                writers[name].writerows(_cells(layout.table(name), rows))
    return layout.damage


def _cells(table: TableLayout, rows: Rows) -> Iterable[tuple[object, ...]]:
    columns = [column for signal in table.signals for column in _columns(rows[signal.name])]
    return zip(*columns, strict=True)


def _columns(values: Values) -> list[list[object]]:
    if isinstance(values, list):
        return [[value.hex() if isinstance(value, bytes) else value for value in values]]
    found: list[list[object]] = values.T.tolist()
    return found
