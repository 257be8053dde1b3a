"""`read_labels`: a CSV file of which seconds of which log are called what."""

import csv
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.label import Stretch, log_named
from ashore.hardware.logs.log import Log

COLUMNS = ("log", "begin", "end", "label")


def read_labels(path: Path, logs: Sequence[Log]) -> list[Stretch]:
    """Read a CSV file with the columns log, begin, end [s into the log] and label.

    An empty begin is the log's, and so is an empty end. Rows are for logs by path, name or stem.

    Raises:
        AdaptError: the file is missing or no such table; the row is named.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = tuple(reader.fieldnames or ())
            if missing := [name for name in COLUMNS if name not in columns]:
                raise AdaptError(
                    f"{path} has no column {missing[0]!r}: its first line is "
                    f"{', '.join(columns) or 'empty'}; begin with log,begin,end,label"
                )
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise AdaptError(f"the labels {path} cannot be read: {reason}") from None
    if not rows:
        raise AdaptError(f"{path} holds no label; write a line for each stretch of a log")
    return [_stretch(row, f"{path}, line {line}", logs) for line, row in rows]


def _stretch(row: Mapping[str, str | None], where: str, logs: Sequence[Log]) -> Stretch:
    log, begin, end, label = ((row[name] or "").strip() for name in COLUMNS)
    if not label:
        raise AdaptError(f"{where}: the label is empty; say what {log} is there")
    try:
        first = float(begin) if begin else 0.0
        last = float(end) if end else inf
    except ValueError:
        raise AdaptError(
            f"{where}: begin {begin!r} and end {end!r} must be seconds into the log"
        ) from None
    if not isfinite(first) or not 0.0 <= first < last:
        raise AdaptError(f"{where}: begin {begin!r} must be at least 0 s and before end {end!r}")
    try:
        return Stretch(log=log_named(logs, log), begin=first, end=last, label=label)
    except AdaptError as problem:
        raise AdaptError(f"{where}: {problem}") from None
