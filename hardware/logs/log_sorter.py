"""`LogSorter`: the messages of a log, put into tables."""

from collections.abc import Callable
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_columns import (
    Column,
    CommandColumns,
    PolicyColumns,
    ReadingColumns,
    need,
    parse,
)
from ashore.hardware.logs.log_scan import LogMessage
from ashore.hardware.logs.log_schemas import COMMAND, EVENT, POLICY, RAW_TOPICS, READING
from ashore.hardware.logs.log_tables import Event, LogTables, RawBytes

_WAYS = {topic: way for way, topic in RAW_TOPICS.items()}


class LogSorter:
    """Puts messages of one file into tables, in the order in which they are added."""

    def __init__(self, path: Path) -> None:
        """Begin with empty tables; the path is named where a message is none of a log's."""
        self._path = path
        self._readings = ReadingColumns()
        self._commands = CommandColumns()
        self._policy = PolicyColumns()
        self._events: list[Event] = []
        self._raw: list[RawBytes] = []
        # No method of its own is in here: who holds himself is let go of only now and then.
        self._sinks: dict[str, Callable[[LogMessage], None]] = {
            READING: self._readings.add,
            COMMAND: self._commands.add,
            POLICY: self._policy.add,
        }

    def add(self, message: LogMessage) -> None:
        """Add one message.

        Raises:
            LogError: it is not one of Ashore's.
        """
        try:
            if message.topic in self._sinks:
                self._sinks[message.topic](message)
            elif message.topic == EVENT:
                self._events.append(event_of(message))
            else:
                way = _WAYS[message.topic]
                self._raw.append(RawBytes(message.stamps[1] / 1e9, way, message.data))
        except LogError as error:
            raise LogError(
                f"message {message.sequence} of {message.topic} in {self._path} is not one of "
                f"Ashore's: {error}; read the file with the program that wrote it"
            ) from None

    def tables(self) -> LogTables:
        """Return all that was added."""
        return LogTables(
            readings=self._readings.tables(),
            commands=self._commands.tables(),
            policy=self._policy.tables(),
            events=self._events,
            raw=self._raw,
        )


def event_of(message: LogMessage) -> Event:
    """Return the event in a message.

    Raises:
        LogError: it holds none.
    """
    body = parse(message)
    level, kind, text = (str(need(body, name)) for name in ("level", "kind", "text"))
    time = Column("time")
    time.append([need(body, "time")])
    data = body.get("data", {})
    if not isinstance(data, dict):
        raise LogError("its data must be an object")
    return Event(float(time.table()[0, 0]), level, kind, text, data)
