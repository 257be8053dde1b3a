"""CSV files and numpy archives of others, read through a `ColumnMap`."""

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.importers.column_map import PER_ROW, ColumnMap
from ashore.hardware.importers.npy_reader import NpyArray, NpzFile, open_npz
from ashore.hardware.importers.samples import OF_BASE, Samples, write_samples
from ashore.hardware.importers.wide_cells import wide_cells
from ashore.hardware.logs.log_header import LogHeader

ROWS = 2_000
"""Rows that are held at once."""
Array = NDArray[np.float64]


def import_mapped_csv(path: str | Path, out: str | Path, columns: ColumnMap) -> Path:
    """Write a log of a CSV file whose first line names its columns, and return its path.

    Empty cells are NaN. Setup: source, joints, columns.

    Raises:
        LogError: the file cannot be read, lacks a column or holds something else than numbers,
            or `out` exists.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, wide_cells():
            batches = _of_csv(csv.reader(file), path, columns)
            return write_samples(Path(out), _header(path, columns), batches, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise LogError(f"cannot read {path} as CSV: {said}; check the file") from None


def import_mapped_npz(path: str | Path, out: str | Path, columns: ColumnMap) -> Path:
    """Write a log of a numpy archive's arrays, `(T, nj)`, and return its path.

    Raises:
        LogError: the archive is damaged, lacks an array or holds pickled objects, lengths
            differ, or `out` exists.
    """
    path = Path(path)
    with open_npz(path) as archive:
        batches = _of_npz(archive, path, columns)
        return write_samples(Path(out), _header(path, columns), batches, path)


def _header(path: Path, columns: ColumnMap) -> LogHeader:
    setup: dict[str, object] = {"source": path.name, "columns": Path(columns.path).name}
    if columns.joints:
        setup["joints"] = list(columns.joints)
    return LogHeader(robot=columns.robot, setup=setup)


def _of_csv(rows: Iterator[list[str]], path: Path, columns: ColumnMap) -> Iterator[Samples]:
    names = next(rows, [])
    places = _places(names, path, columns)
    begin = 0
    while batch := list(islice(rows, ROWS)):
        table = {
            name: np.array([[_number(row, at, path, names) for at in found] for row in batch])
            for name, found in places.items()
        }
        yield _samples(table, begin, len(batch), columns, columns.signals["time"].step, path)
        begin += len(batch)


def _places(names: list[str], path: Path, columns: ColumnMap) -> dict[str, list[int]]:
    at = {name.strip(): index for index, name in enumerate(names)}
    places = {}
    for signal, where in columns.signals.items():
        missing = [name for name in where.columns if name not in at]
        if not missing:
            places[signal] = [at[name] for name in where.columns]
        elif not columns.optional or signal == "position":
            raise LogError(
                f"{path} has no column {missing[0]!r} for {signal}; it has "
                f"{', '.join(at) or 'none'}; mend {columns.path}"
            )
    return places


def _number(row: list[str], at: int, path: Path, names: list[str]) -> float:
    try:
        return float(row[at]) if row[at].strip() else np.nan
    except (ValueError, IndexError):
        found = repr(row[at]) if at < len(row) else "missing"
        raise LogError(
            f"{path}: a cell of column {names[at]!r} is {found}, and must be a number"
        ) from None


def _of_npz(archive: NpzFile, path: Path, columns: ColumnMap) -> Iterator[Samples]:
    arrays: dict[str, list[NpyArray]] = {}
    for signal, where in columns.signals.items():
        here = all(name in archive.names for name in where.columns)
        if here or not columns.optional or signal == "position":
            arrays[signal] = [archive.open(name) for name in where.columns]
    step = columns.signals["time"].step
    if isinstance(step, str) and step and not arrays.get("time"):
        found = archive.open(step).read(1)
        step = float(found.ravel()[0]) if found.size else np.nan
    count = arrays["position"][0].rows
    for signal, parts in arrays.items():
        for part in parts:
            if part.rows != count or len(part.shape) > 2:
                raise LogError(
                    f"{path}: the {signal} has shape {part.shape}, and the position {count} rows; "
                    "give arrays (T, n) of one robot"
                )
    for begin in range(0, count, ROWS):
        rows = min(ROWS, count - begin)
        table = {
            signal: np.hstack([part.read(rows).reshape(rows, -1) for part in parts]).astype(float)
            for signal, parts in arrays.items()
            if parts
        }
        yield _samples(table, begin, rows, columns, step, path)


def _samples(
    table: Mapping[str, Array],
    begin: int,
    count: int,
    columns: ColumnMap,
    step: str | float,
    path: Path,
) -> Samples:
    found = {name: values * columns.scale(name) for name, values in table.items()}
    joints = found["position"].shape[1]
    for name, values in found.items():
        width = joints if name in PER_ROW else 3 if name in OF_BASE else 1
        if values.shape[1] != width:
            raise LogError(f"{path}: the {name} has {values.shape[1]} columns, and needs {width}")
    if columns.joints and len(columns.joints) != joints:
        raise LogError(f"{path} has {joints} joints, and {columns.path} names "
                       f"{len(columns.joints)}")
    if "time" in found:
        return Samples(time=found.pop("time")[:, 0], signals=found)
    if isinstance(step, str) or not 0.0 < step < np.inf:
        raise LogError(f"{path} has neither times nor a step of time; name one in [time]")
    time = np.arange(begin, begin + count, dtype=np.float64) * (step * columns.scale("time"))
    return Samples(time=time, signals=found)
