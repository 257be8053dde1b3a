"""`LogView`: a log of any length, looked at where somebody looks."""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from io import FileIO
from pathlib import Path

import numpy as np
from mcap.records import Channel
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.chunk_places import chunk_places
from ashore.hardware.logs.extremes import Extremes
from ashore.hardware.logs.log import Log
from ashore.hardware.logs.log_chunk import ChunkMessage, chunk_records
from ashore.hardware.logs.log_columns import parse
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import COMMAND, EVENT, POLICY, READING, TOPIC_OF_ID
from ashore.hardware.logs.log_sorter import LogSorter, event_of
from ashore.hardware.logs.log_tables import Event

Array = NDArray[np.float64]
Wanted = Callable[[], bool]
"""Asked while something long is read: whether anybody still wants it."""
TABLES = (READING, COMMAND, POLICY)
"""Channels whose messages are rows of numbers."""


class LogView:
    """A log on a disk, of which only the places of its chunks are in memory.

    Of a stretch with more rows than are asked for, some are read: of chunks that are evenly spread,
    rows that are. Chunks that are damaged are stepped over.

    Raises:
        LogError: the file is missing, empty, not a log, or of an unknown format version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: LogHeader = _header(path)
        try:
            self._file = FileIO(path)
        except OSError as error:
            raise LogError(f"cannot read the log {path}: {error.strerror}; check it") from None
        self._places, self._holding = chunk_places(self._file.fileno())
        self._known: dict[int, tuple[int, int] | None] = {}
        if not self._places:
            raise LogError(f"the log {path} holds no message that can be read; record it again")

    @cached_property
    def span(self) -> tuple[float, float]:
        """Time of the first and of the last message on the robot's clock [s]."""
        first = next(filter(None, map(self._times, range(len(self._places)))), (0, 0))
        last = next(filter(None, map(self._times, reversed(range(len(self._places))))), (0, 0))
        return first[0] / 1e9, last[1] / 1e9

    @cached_property
    def signals(self) -> dict[str, dict[str, int]]:
        """Signals of each channel of numbers and how many numbers each has, as first written.

        Those of the policy's named signals are called `signals.NAME`.
        """
        found: dict[str, dict[str, int]] = {}
        for topic in TABLES:
            messages = (m for chunk in self._holding.get(topic, ()) for m in self._of(topic, chunk))
            if (first := next(messages, None)) is not None:
                found[topic] = {n: len(v) for n, v in _rows(_parsed(topic, first)).items()}
        return found

    def table(
        self, topic: str, names: Sequence[str], begin: float, end: float, points: int
    ) -> dict[str, Array]:
        """Rows of some signals between two times, about `points` of them or all there are.

        Args:
            topic: a channel of numbers.
            names: its signals, as `signals` calls them.
            begin: first time wanted [s].
            end: last time wanted [s].
            points: how many rows there is room for.

        Returns:
            `time` `(T,)` [s], and each signal `(T, k)`; NaN where a row has none of it. `step`
            `(1,)` says how many rows of the log each stands for.
        """
        first, last = self._find(begin), self._find(end)
        count = min(last - first + 1, points)
        spread = np.unique(np.linspace(first, last, count).round().astype(int)).tolist()
        rows = self._typical(topic, first, last)
        stride = max(1, round(rows * len(spread) / points))
        kept = [
            message
            for chunk in spread
            for message in self._of(topic, chunk)[::stride]
            if begin <= message.robot / 1e9 <= end
        ]
        some = len(spread) < last - first + 1
        step = rows * (last - first + 1) / max(1, len(kept)) if some else float(stride)
        return {
            **_stacked([_rows(_parsed(topic, message)) for message in kept], names),
            "time": np.array([message.robot / 1e9 for message in kept]),
            "step": np.array([step]),
        }

    def extremes(
        self, topic: str, name: str, span: tuple[float, float], bins: int, wanted: Wanted
    ) -> dict[str, Array]:
        """The least and the greatest of a signal in equal parts of a stretch, of all its rows.

        Args:
            topic: a channel of numbers.
            name: its signal, as `signals` calls it.
            span: first and last time wanted [s].
            bins: number of parts.
            wanted: asked now and then; the rest is left unread once it says no.

        Returns:
            `time` `(B,)` the middle of each part with a number in it [s], `low` and `high`
            `(B, k)`.
        """
        width = self.signals.get(topic, {}).get(name, 0)
        found = Extremes(span, bins, width)
        first, last = self._find(span[0]), self._find(span[1])
        for chunk in self._within(topic, first, last):
            if not wanted():
                break
            messages = self._of(topic, chunk)
            rows = [_rows(_parsed(topic, message)) for message in messages]
            times = np.array([message.robot / 1e9 for message in messages])
            found.add(times, _stacked(rows, (name,))[name])
        return found.result()

    def log(self, begin: float, end: float) -> Log:
        """The part of the log between two times, as `Log.open` gives the whole; without raw bytes.

        Raises:
            LogError: a message in it is not one of Ashore's.
        """
        sorter = LogSorter(self.path)
        for chunk in range(self._find(begin), self._find(end) + 1):
            for message in self._messages(chunk):
                topic = TOPIC_OF_ID.get(message.channel, "")
                if topic in (*TABLES, EVENT) and begin <= message.robot / 1e9 <= end:
                    sorter.add(_whole(topic, message))
        found = sorter.tables()
        return Log(path=self.path, header=self.header, damage=None, **vars(found))

    def events(self) -> list[Event]:
        """All that happened, in the order of the file; only chunks with events in them are read."""
        found = []
        for chunk in self._holding.get(EVENT, ()):
            for message in self._of(EVENT, chunk):
                with suppress(LogError):
                    found.append(event_of(_whole(EVENT, message)))
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _times(self, chunk: int) -> tuple[int, int] | None:
        """First and last time in a chunk on the robot's clock [ns]; None of a damaged one."""
        if chunk not in self._known:
            stamps = [message.robot for message in self._messages(chunk)]
            self._known[chunk] = (min(stamps), max(stamps)) if stamps else None
        return self._known[chunk]

    def _find(self, time: float) -> int:
        """The last chunk that begins no later than a time, by bisection."""
        low, high = 0, len(self._places) - 1
        while low < high:
            middle = (low + high + 1) // 2
            known = self._times(middle)
            if known is None or known[0] / 1e9 <= time:
                low = middle
            else:
                high = middle - 1
        return low

    def _typical(self, topic: str, first: int, last: int) -> float:
        """Rows of a channel in a chunk that holds some, about."""
        here = self._within(topic, first, last)
        some = {here[round(place)] for place in np.linspace(0, len(here) - 1, 5)} if here else set()
        return float(np.median([len(self._of(topic, chunk)) for chunk in some] or [0]))

    def _within(self, topic: str, first: int, last: int) -> list[int]:
        """Chunks that hold a channel, of those from the first to the last."""
        held = self._holding.get(topic, [])
        return held[bisect_left(held, first) : bisect_right(held, last)]

    def _of(self, topic: str, chunk: int) -> list[ChunkMessage]:
        return [m for m in self._messages(chunk) if TOPIC_OF_ID.get(m.channel) == topic]

    def _messages(self, chunk: int) -> list[ChunkMessage]:
        begin, length = self._places[chunk]
        try:
            found = chunk_records(os.pread(self._file.fileno(), length, begin))
        except LogError:
            return []
        return [record for record in found if not isinstance(record, Channel)]


def _header(path: Path) -> LogHeader:
    """What the log says of itself, read up to its first chunk."""
    scan = LogScan(path)
    next(iter(scan), None)
    return scan.header


def _whole(topic: str, message: ChunkMessage) -> LogMessage:
    return LogMessage(topic, message.data, (message.host, message.robot), message.sequence)


def _parsed(topic: str, message: ChunkMessage) -> Mapping[str, object]:
    return parse(_whole(topic, message))


def _rows(body: Mapping[str, object]) -> dict[str, list[float]]:
    """The lists of numbers in a message, by name."""
    signals = body.get("signals")
    named = signals.items() if isinstance(signals, Mapping) else ()
    flat = {**body, **{f"signals.{name}": value for name, value in named}}
    return {name: value for name, value in flat.items() if isinstance(value, list)}


def _stacked(rows: Sequence[Mapping[str, list[float]]], names: Sequence[str]) -> dict[str, Array]:
    found = {}
    for name in names:
        width = max((len(row.get(name, ())) for row in rows), default=0)
        empty = [None] * width
        column = [row.get(name, empty) for row in rows]
        column = [row if len(row) == width else empty for row in column]
        found[name] = np.array(column, dtype=np.float64).reshape(len(rows), width)
    return found
