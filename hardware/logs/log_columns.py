"""Growing tables that the messages of a log are decoded into."""

import json
from array import array
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_scan import LogMessage
from ashore.hardware.logs.log_schemas import INERTIAL_SIGNALS, READING_SIGNALS
from ashore.hardware.logs.log_tables import Commands, PolicySteps, Readings

_NAN = float("nan")


class Column:
    """The rows of one signal, `(T, width)`, where the first row sets the width."""

    def __init__(self, name: str, missing_rows: int = 0, default: float = _NAN) -> None:
        self._name = name
        self._values = array("d")
        self._width: int | None = None
        self._rows = missing_rows
        self._lead = missing_rows
        self._default = default

    def append(self, row: object) -> None:
        """Add one row, a list of numbers where `null` is NaN.

        Raises:
            LogError: it isn't one, or its width is another than the first row's.
        """
        if not isinstance(row, list):
            raise LogError(f"{self._name} is {type(row).__name__}, and must be a list of numbers")
        if self._width is None:
            self._width = len(row)
        if len(row) != self._width:
            raise LogError(f"{self._name} has {len(row)} numbers, and had {self._width} before")
        values = [_NAN if value is None else value for value in row] if None in row else row
        try:
            self._values.extend(values)
        except (TypeError, OverflowError):
            raise LogError(f"{self._name} holds something else than numbers") from None
        self._rows += 1

    def skip(self) -> None:
        """Add one row of defaults, for a message that didn't have this signal."""
        if self._width is None:
            self._lead += 1
        else:
            self._values.extend([self._default] * self._width)
        self._rows += 1

    def table(self, width: int = 0) -> NDArray[np.float64]:
        """Return the rows as `(T, width)`; `width` is what a column without any row is given."""
        width = width if self._width is None else self._width
        lead = np.full((self._lead, width), self._default)
        rows = np.frombuffer(self._values, np.float64).reshape(self._rows - self._lead, width)
        return np.concatenate([lead, rows])


class ReadingColumns:
    """Decodes the messages of /reading."""

    def __init__(self) -> None:
        self._time = Column("time")
        self._signals = {name: Column(name) for name in READING_SIGNALS}
        self._optional = {
            "torque_enabled": Column("torque_enabled", default=1.0),
            "duty": Column("duty"),
        }
        widths = {**dict.fromkeys(INERTIAL_SIGNALS, 3), "inertial_age": 1}
        self._inertial = {name: (Column(name), width) for name, width in widths.items()}
        self._width: int | None = None

    def add(self, message: LogMessage) -> None:
        """Append one message."""
        body = parse(message)
        self._time.append([need(body, "time")])
        for name, column in self._signals.items():
            row = need(body, name)
            column.append(row)
            self._check_width(name, row)
        for name, column in self._optional.items():
            if name in body:
                column.append(body[name])
                self._check_width(name, body[name])
            else:
                column.skip()
        for name, (column, width) in self._inertial.items():
            if name in body:
                column.append(body[name])
                _check(name, body[name], width, "numbers of the base")
            else:
                column.skip()

    def _check_width(self, name: str, row: object) -> None:
        width = len(row) if isinstance(row, list) else 0
        if self._width is None:
            self._width = width
        _check(name, row, self._width, "joints")

    def tables(self) -> Readings:
        """Return all that was appended."""
        tables = {name: column.table() for name, column in self._signals.items()}
        fault = tables.pop("fault")
        if not np.all((fault >= 0) & (fault <= 255)):
            raise LogError("fault holds bits outside 0..255")
        width = self._width or 0
        inertial = {name: column.table(n) for name, (column, n) in self._inertial.items()}
        age = inertial.pop("inertial_age")[:, 0]
        return Readings(
            time=self._time.table(1)[:, 0],
            **tables,
            fault=fault.astype(np.uint8),
            torque_enabled=self._optional["torque_enabled"].table(width) != 0.0,
            duty=self._optional["duty"].table(width),
            **inertial,
            inertial_age=age,
        )


def _check(name: str, row: object, width: int, what: str) -> None:
    found = len(row) if isinstance(row, list) else 0
    if found != width:
        raise LogError(f"{name} has {found} numbers for {width} {what}")


class CommandColumns:
    """Decodes the messages of /command."""

    def __init__(self) -> None:
        self._time = Column("time")
        self._position = Column("position")

    def add(self, message: LogMessage) -> None:
        """Append one message."""
        body = parse(message)
        self._time.append([need(body, "time")])
        self._position.append(need(body, "position"))

    def tables(self) -> Commands:
        """Return all that was appended."""
        return Commands(time=self._time.table(1)[:, 0], position=self._position.table())


class PolicyColumns:
    """Decodes the messages of /policy."""

    def __init__(self) -> None:
        self._time = Column("time")
        self._observation = Column("observation")
        self._action = Column("action")
        self._signals: dict[str, Column] = {}
        self._rows = 0

    def add(self, message: LogMessage) -> None:
        """Append one message."""
        body = parse(message)
        self._time.append([need(body, "time")])
        self._observation.append(need(body, "observation"))
        self._action.append(need(body, "action"))
        self._add_signals(body.get("signals", {}))
        self._rows += 1

    def _add_signals(self, signals: object) -> None:
        if not isinstance(signals, dict):
            raise LogError("signals must be a mapping of names to lists of numbers")
        for name, row in signals.items():
            if name not in self._signals:
                self._signals[name] = Column(f"signal {name}", missing_rows=self._rows)
            self._signals[name].append(row)
        for name in self._signals.keys() - signals.keys():
            self._signals[name].skip()

    def tables(self) -> PolicySteps:
        """Return all that was appended."""
        with np.errstate(over="ignore"):
            return PolicySteps(
                time=self._time.table(1)[:, 0],
                observation=self._observation.table().astype(np.float32),
                action=self._action.table().astype(np.float32),
                signals={name: column.table() for name, column in self._signals.items()},
            )


def parse(message: LogMessage) -> Mapping[str, object]:
    """Return the JSON object in a message.

    Raises:
        LogError: it holds none.
    """
    try:
        body = json.loads(message.data)
    except (ValueError, RecursionError) as error:
        raise LogError(f"it is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise LogError(f"it is {type(body).__name__}, and must be an object")
    return body


def need(body: Mapping[str, object], name: str) -> object:
    """Return what a message says under `name`.

    Raises:
        LogError: it says nothing.
    """
    if name not in body:
        raise LogError(f"it has no {name}")
    return body[name]
