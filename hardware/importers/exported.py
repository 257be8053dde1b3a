"""The tables of an exported log, as the log that they were."""

import heapq
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.log_layout import UNMEASURED, LogLayout, TableLayout
from ashore.hardware.exporters.log_parts import Rows
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_schemas import RAW_TOPICS
from ashore.hardware.new_place import new_place

ROWS = 2_000
"""Rows of a table that are held at once."""


class _Message(NamedTuple):
    order: int
    topic: str
    data: bytes
    stamps: tuple[int, int]
    sequence: int


def write_exported(layout: LogLayout, tables: Mapping[str, Iterator[Rows]], out: Path) -> Path:
    """Write the log that was exported: the same messages, stamps and header, in the same order.

    Args:
        layout: what header.json says.
        tables: rows of each table, a batch at a time.
        out: the log to write.

    Raises:
        LogError: the tables hold what no log does or another number of rows than the layout
            says, or `out` exists.
    """
    if not any(table.rows for table in layout.tables):
        raise LogError(f"the exported log of {layout.header.robot!r} holds no message at all")
    with new_place(out) as place:
        file = LogFile(place, layout.header)
        try:
            streams = [_messages(table, tables[table.name]) for table in layout.tables]
            for message in heapq.merge(*streams, key=lambda message: message.order):
                file.add(message.topic, message.data, message.stamps, message.sequence)
            file.finish()
        except struct.error as error:
            raise LogError(f"a stamp or sequence number is none of a log's: {error}") from None
        finally:
            file.close()
    return out


def _messages(table: TableLayout, batches: Iterator[Rows]) -> Iterator[_Message]:
    found = 0
    for rows in batches:
        count = len(rows["order"])
        found += count
        stamps = [np.asarray(rows[name])[:, 0].tolist() for name in
                  ("order", "sequence", "host_time", "robot_time")]
        bodies = _bodies(table, rows, count)
        for (topic, data), order, sequence, host, robot in zip(bodies, *stamps, strict=True):
            yield _Message(order, topic, data, (host, robot), sequence)
    if found != table.rows:
        raise LogError(
            f"the table {table.name} has {found} rows and the header says {table.rows}; "
            "it was cut or edited, export the log again"
        )


def _bodies(table: TableLayout, rows: Rows, count: int) -> Iterator[tuple[str, bytes]]:
    if table.name == "raw":
        return _raw(rows)
    if table.name == "event":
        return _events(rows)
    return _numbers(table, rows, count)


def _raw(rows: Rows) -> Iterator[tuple[str, bytes]]:
    for direction, data in zip(rows["direction"], rows["data"], strict=True):
        if direction not in RAW_TOPICS:
            raise LogError(f"raw bytes go {', '.join(RAW_TOPICS)}, not {direction!r}")
        yield RAW_TOPICS[str(direction)], bytes(data)


def _events(rows: Rows) -> Iterator[tuple[str, bytes]]:
    times = np.asarray(rows["time"])[:, 0].tolist()
    texts = (rows[name] for name in ("level", "kind", "text", "data"))
    for time, level, kind, text, numbers in zip(times, *texts, strict=True):
        try:
            data = json.loads(numbers)
        except (ValueError, RecursionError) as error:
            raise LogError(f"the data of an event at {time} s are no JSON: {error}") from None
        if not isinstance(data, dict):
            raise LogError(f"the data of an event at {time} s are no JSON object")
        body = {"time": time, "level": level, "kind": kind, "text": text, "data": data}
        yield "/event", to_json(body)


def _numbers(table: TableLayout, rows: Rows, count: int) -> Iterator[tuple[str, bytes]]:
    names = [signal.name for signal in table.signals[4:]]
    lists = {name: np.asarray(rows[name]).tolist() for name in names}
    if "torque_enabled" in lists and table.name == "reading":
        lists["torque_enabled"] = [[bool(x) for x in row] for row in lists["torque_enabled"]]
    if table.name == "reading":
        unknown = [[float("nan")] * len(row) for row in lists["position"]]
        lists = {**dict.fromkeys(UNMEASURED, unknown), **lists}
        names = list(lists)
    for row in range(count):
        body: dict[str, object] = {name: lists[name][row] for name in names}
        body["time"] = lists["time"][row][0]
        if table.name == "policy":
            kept = [name for name in names if name.startswith("signals.")]
            body["signals"] = {name.removeprefix("signals."): body.pop(name) for name in kept}
        yield f"/{table.name}", to_json(body)
