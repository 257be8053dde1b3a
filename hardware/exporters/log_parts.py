"""A log as tables of columns, a part at a time: memory does not grow with the log's length."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.log_layout import (
    EVENT_SIGNALS,
    RAW_SIGNALS,
    READING_NAMES,
    STAMPS,
    TABLES,
    TIME,
    UNMEASURED,
    LogLayout,
    Signal,
    TableLayout,
)
from ashore.hardware.logs.column_names import AXES, ColumnNames, numbers
from ashore.hardware.logs.log import BATCH, Log
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_scan import LogScan
from ashore.hardware.logs.log_schemas import COMMAND, RAW_TOPICS, READING, unit_of
from ashore.hardware.logs.log_sorter import LogSorter
from ashore.hardware.logs.log_tables import LogTables

Values = NDArray[Any] | list[str] | list[bytes]
"""A signal's rows: `(n, width)` numbers, or `n` texts or byte strings."""
Rows = Mapping[str, Values]
"""Rows of one table, by signal."""
Part = Mapping[str, Rows]
"""Rows of each table, by table; tables without any are left out."""

_PER_JOINT = ("position", *UNMEASURED, *READING_NAMES[1:], "duty")
_OF_BASE = ("gyro", "gravity", "acceleration", "inertial_age")
_MAYBE = (*UNMEASURED, "duty", *_OF_BASE)
"""Signals whose columns are left out where they are NaN throughout."""
_TABLE_OF = {f"/{name}": name for name in TABLES} | dict.fromkeys(RAW_TOPICS.values(), "raw")


@dataclass
class _Survey:
    """What the first pass finds: counts, widths, and which signals were recorded at all."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    widths: dict[str, int] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)

    def add(self, log: Log) -> None:
        for name, count in _counts(log).items():
            self.rows[name] += count
        if len(log.readings):
            self._width(log, "reading's joints", log.readings.position)
            for name in set(_MAYBE) - self.recorded:
                if not np.isnan(getattr(log.readings, name)).all():
                    self.recorded.add(name)
        if len(log.commands):
            self._width(log, "command's joints", log.commands.position)
        if len(log.policy):
            self._width(log, "observation", log.policy.observation)
            self._width(log, "action", log.policy.action)
            for name, values in log.policy.signals.items():
                self._width(log, f"signals.{name}", values)

    def _width(self, log: Log, name: str, values: NDArray[Any]) -> None:
        width = values.shape[1]
        if self.widths.setdefault(name, width) != width:
            raise LogError(
                f"the {name} of {log.path} are {width} and were {self.widths[name]} before; "
                "two logs were mixed, split them"
            )

    def signals(self, names: ColumnNames) -> dict[str, tuple[Signal, ...]]:
        """The signals of each table behind its stamps."""
        joints = names.of_joints(self.widths.get("reading's joints", 0))
        told = names.of_joints(self.widths.get("command's joints", 0))
        seen = names.of_observation(self.widths.get("observation", 0))
        said = names.of_joints(self.widths.get("action", 0))
        kept = [name for name in self.widths if name.startswith("signals.")]
        angle = unit_of(COMMAND, "position")
        return {
            "reading": (TIME, *self._reading(joints)),
            "command": (TIME, Signal(name="position", unit=angle, elements=told)),
            "policy": (
                TIME,
                Signal(name="observation", kind="f4", elements=seen),
                Signal(name="action", kind="f4", elements=said),
                *(Signal(name=name, elements=numbers(self.widths[name])) for name in kept),
            ),
            "event": EVENT_SIGNALS,
            "raw": RAW_SIGNALS,
        }

    def _reading(self, joints: tuple[str, ...]) -> Iterator[Signal]:
        for name in (*_PER_JOINT, *_OF_BASE):
            if name in _MAYBE and name not in self.recorded:
                continue
            elements = joints if name in _PER_JOINT else AXES
            kind = "u1" if name in ("fault", "torque_enabled") else "f8"
            elements = ("",) if name == "inertial_age" else elements
            yield Signal(name=name, kind=kind, unit=unit_of(READING, name), elements=elements)


def survey(path: str | Path) -> LogLayout:
    """Read a log once, in bounded memory, and return the layout of its tables.

    Raises:
        LogError: it is no log, or its widths change.
    """
    found = _Survey()
    for log in Log.batches(path):
        found.add(log)
    signals = found.signals(ColumnNames(log.header))
    return LogLayout(
        header=log.header,
        tables=tuple(
            TableLayout(name=name, rows=found.rows[name], signals=(*STAMPS, *signals[name]))
            for name in TABLES
        ),
        damage=log.damage,
    )


def parts(path: str | Path, layout: LogLayout) -> Iterator[Part]:
    """Read a log again, as the tables of its `layout`, in file order and bounded memory.

    Raises:
        LogError: as `Log.batches`.
    """
    numbered = enumerate(LogScan(path))
    while some := list(islice(numbered, BATCH)):
        sorter = LogSorter(Path(path))
        stamps: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in TABLES}
        for place, message in some:
            sorter.add(message)
            stamps[_TABLE_OF[message.topic]].append((place, message.sequence, *message.stamps))
        found = sorter.tables()
        yield {
            name: {**_stamps(rows), "time": _times(found, name), **_rows(found, name, layout)}
            for name, rows in stamps.items()
            if rows
        }


def _rows(log: LogTables, name: str, layout: LogLayout) -> Rows:
    if name == "reading":
        return _reading(log)
    if name == "command":
        return {"position": log.commands.position}
    if name == "policy":
        return _policy(log, layout.table("policy"))
    return _events(log) if name == "event" else _raw(log)


def _counts(log: LogTables) -> dict[str, int]:
    driven = {"reading": len(log.readings), "command": len(log.commands)}
    return {**driven, "policy": len(log.policy), "event": len(log.events), "raw": len(log.raw)}


def _stamps(rows: list[tuple[int, int, int, int]]) -> Rows:
    table = np.array(rows, np.uint64)
    return {signal.name: table[:, [i]] for i, signal in enumerate(STAMPS)}


def _times(log: LogTables, table: str) -> NDArray[np.float64]:
    if table == "event":
        return np.array([[event.time] for event in log.events])
    if table == "raw":
        return np.array([[row.time] for row in log.raw])
    driven = {"reading": log.readings.time, "command": log.commands.time}
    return {**driven, "policy": log.policy.time}[table][:, None]


def _reading(log: LogTables) -> Rows:
    rows = {name: getattr(log.readings, name) for name in (*_PER_JOINT, *_OF_BASE)}
    rows["torque_enabled"] = rows["torque_enabled"].astype(np.uint8)
    rows["inertial_age"] = rows["inertial_age"][:, None]
    return rows


def _policy(log: LogTables, table: TableLayout) -> Rows:
    rows: dict[str, Values] = {
        signal.name: np.full((len(log.policy), signal.width), np.nan)
        for signal in table.signals
        if signal.name.startswith("signals.")
    }
    rows |= {f"signals.{name}": values for name, values in log.policy.signals.items()}
    return {**rows, "observation": log.policy.observation, "action": log.policy.action}


def _events(log: LogTables) -> Rows:
    names = ("level", "kind", "text")
    texts = {name: [_sound(getattr(event, name)) for event in log.events] for name in names}
    return {**texts, "data": [to_json(dict(event.data)).decode() for event in log.events]}


def _raw(log: LogTables) -> Rows:
    return {"direction": [row.direction for row in log.raw], "data": [row.data for row in log.raw]}


def _sound(text: str) -> str:
    """The text with what UTF-8 cannot say replaced."""
    return text.encode("utf-8", "replace").decode()
