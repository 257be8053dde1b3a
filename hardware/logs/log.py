"""A log of a robot: what it sensed, was told, decided, and what happened to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_columns import (
    Column,
    CommandColumns,
    PolicyColumns,
    ReadingColumns,
    need,
    parse,
)
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_recovery import Recovery, recover
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import COMMAND, EVENT, POLICY, RAW_TOPICS, READING
from ashore.hardware.logs.log_tables import Commands, Event, PolicySteps, RawBytes, Readings
from ashore.hardware.logs.log_writer import LogWriter

__all__ = [
    "Commands",
    "Event",
    "Log",
    "LogHeader",
    "LogWriter",
    "PolicySteps",
    "RawBytes",
    "Readings",
    "Recovery",
    "check",
    "recover",
]

BATCH = 20_000
"""Messages that a log is read by where its length is not known: some tens of megabytes."""
_MEASURED = ("velocity", "current", "voltage", "temperature", "duty")
"""Signals that a robot may not have; a column that is NaN throughout was not measured."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """Everything in a log that can be trusted."""

    path: Path
    """The file it was read from."""
    header: LogHeader
    """Which robot, spec, contract and setup it is of."""
    readings: Readings
    """What the joints said."""
    commands: Commands
    """What the joints were told."""
    policy: PolicySteps
    """What the policy saw and said."""
    events: list[Event]
    """What happened; the last of a log that was closed is of kind `log`."""
    raw: list[RawBytes]
    """What went over the wire."""
    damage: str | None
    """What of the file was lost, and where; None when it is whole."""

    @classmethod
    def open(cls, path: str | Path) -> "Log":
        """Read a log, or of a damaged one all that is whole; `damage` says what is not.

        Raises:
            LogError: the file is missing, empty, not a log, of an unknown format version, or
                nothing in it can be read.
        """
        return _Reader(Path(path)).read()

    @classmethod
    def batches(cls, path: str | Path, messages: int = BATCH) -> Iterator["Log"]:
        """Read a log of any length a part at a time, in file order, in bounded memory.

        Every part has the header and the tables of its own messages, those without any of width 0;
        the last one's `damage` is that of the whole file.

        Args:
            path: the log.
            messages: most messages of a part.

        Raises:
            LogError: as `open`, as soon as it is known.
        """
        return _Reader(Path(path)).batches(messages)


class _Reader:
    """Sorts the messages of one file into tables."""

    def __init__(self, path: Path) -> None:
        self._scan = LogScan(path)
        self._begin()

    def _begin(self) -> None:
        """Begin with empty tables."""
        self._readings = ReadingColumns()
        self._commands = CommandColumns()
        self._policy = PolicyColumns()
        self._events: list[Event] = []
        self._raw: list[RawBytes] = []
        self._sinks: dict[str, Callable[[LogMessage], None]] = {
            READING: self._readings.add,
            COMMAND: self._commands.add,
            POLICY: self._policy.add,
            EVENT: self._add_event,
            **dict.fromkeys(RAW_TOPICS.values(), self._add_raw),
        }

    def read(self) -> Log:
        for message in self._scan:
            self._add(message)
        return self._last()

    def batches(self, most: int) -> Iterator[Log]:
        count = 0
        for message in self._scan:
            if count == most:
                yield self._log(None)
                self._begin()
                count = 0
            self._add(message)
            count += 1
        yield self._last()

    def _add(self, message: LogMessage) -> None:
        try:
            self._sinks[message.topic](message)
        except LogError as error:
            raise LogError(
                f"message {message.sequence} of {message.topic} in {self._scan.path} is not one of "
                f"Ashore's: {error}; read the file with the program that wrote it"
            ) from None

    def _last(self) -> Log:
        """The log, or its last part, after the scan; refused if nothing of it could be read."""
        _ = self._scan.header
        if self._scan.kept == 0:
            raise LogError(
                f"the log {self._scan.path} holds no message that can be read "
                f"({self._scan.damage or 'none was written'}); record it again"
            )
        return self._log(self._scan.damage)

    def _log(self, damage: str | None) -> Log:
        return Log(
            path=self._scan.path,
            header=self._scan.header,
            readings=self._readings.tables(),
            commands=self._commands.tables(),
            policy=self._policy.tables(),
            events=self._events,
            raw=self._raw,
            damage=damage,
        )

    def _add_event(self, message: LogMessage) -> None:
        body = parse(message)
        level, kind, text = (str(need(body, name)) for name in ("level", "kind", "text"))
        time = Column("time")
        time.append([need(body, "time")])
        data = body.get("data", {})
        if not isinstance(data, dict):
            raise LogError("its data must be an object")
        self._events.append(Event(float(time.table()[0, 0]), level, kind, text, data))

    def _add_raw(self, message: LogMessage) -> None:
        direction = next(way for way, topic in RAW_TOPICS.items() if topic == message.topic)
        self._raw.append(RawBytes(message.stamps[1] / 1e9, direction, message.data))


def check(log: Log) -> None:
    """Refuse a log whose readings or commands cannot be calculated with.

    A signal that is NaN for a joint throughout was not measured, and is no error, except for the
    position.

    Raises:
        LogError: there is no reading, a time goes backwards, or a number is NaN or infinite; it
            names the signal, the joint and the time of the first bad value.
    """
    if len(log.readings) == 0:
        raise LogError(f"the log {log.path} holds no reading; record the robot for longer")
    for source, time in (("reading", log.readings.time), ("command", log.commands.time)):
        _check_time(log.path, source, time)
    for name in ("position", *_MEASURED, "age"):
        values = getattr(log.readings, name)
        _check_finite(f"{log.path}: {name}", log.readings.time, values, name in _MEASURED)
    command = f"{log.path}: commanded position"
    _check_finite(command, log.commands.time, log.commands.position, False)


def _check_time(path: Path, source: str, time: NDArray[np.float64]) -> None:
    bad = np.flatnonzero(~np.isfinite(time))
    if bad.size:
        raise LogError(
            f"{path}: the time of {source} {bad[0]} is {time[bad[0]]}; record the log again"
        )
    back = np.flatnonzero(np.diff(time) < 0.0)
    if back.size:
        index = back[0] + 1
        raise LogError(
            f"{path}: time goes backwards at {source} {index}, from {time[index - 1]:.6f} s to "
            f"{time[index]:.6f} s; the robot's clock was set or two logs were mixed, split them"
        )


def _check_finite(
    signal: str, time: NDArray[np.float64], values: NDArray[np.float64], optional: bool
) -> None:
    bad = ~np.isfinite(values)
    if optional:
        bad &= ~np.all(np.isnan(values), axis=0)
    if not bad.any():
        return
    row, joint = np.argwhere(bad)[0]
    raise LogError(
        f"{signal} of joint {joint} is {values[row, joint]} at {time[row]:.6f} s, the first of "
        f"{np.count_nonzero(bad)} such values; mend the sensor, or cut the log before it"
    )
