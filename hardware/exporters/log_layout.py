"""`LogLayout`: which tables, signals, columns and units a log has outside of MCAP."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_json import to_json

FORMAT = "ashore log tables 1"
"""What header.json says it is."""
LARGEST_HEADER = 16 * 1024 * 1024
"""Largest header that is read [B]; ours hold two JSON texts and the columns' names."""
TABLES = ("reading", "command", "policy", "event", "raw")
"""The tables of a log, in the order of its channels."""
KINDS = {"f8": "<f8", "f4": "<f4", "u1": "|u1", "u8": "<u8"}
"""Numpy's name of each kind of number; the other kinds are text and bytes."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A group of columns of one table."""

    name: str
    """What it is: position, observation, signals.latency."""
    kind: str = "f8"
    """One of `KINDS`, text or bytes."""
    unit: str = ""
    """Its unit, empty for none."""
    elements: tuple[str, ...] = ("",)
    """Name of each column: joints, axes, numbers; one empty name for a scalar."""

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.elements)


@dataclass(frozen=True, kw_only=True)
class TableLayout:
    """One table: a row a message."""

    name: str
    """One of `TABLES`."""
    rows: int
    """How many messages."""
    signals: tuple[Signal, ...]
    """Its columns, in groups."""

    def columns(self, units: bool = True) -> list[tuple[str, Signal]]:
        """Name and signal of each column, such as `position.front_left_hip [rad]`, in order.

        Every name occurs once, and none holds a control character.

        Args:
            units: whether the names end with the unit in brackets.
        """
        names: dict[str, Signal] = {}
        for signal in self.signals:
            for element in signal.elements:
                name = f"{signal.name}.{element}" if element else signal.name
                name += f" [{signal.unit}]" if signal.unit and units else ""
                names[_unique(_printable(name), names)] = signal
        return list(names.items())


@dataclass(frozen=True, kw_only=True)
class LogLayout:
    """All tables of a log, and what it says about itself."""

    header: LogHeader
    """Robot, spec, contract and setup."""
    tables: tuple[TableLayout, ...]
    """In the order of `TABLES`."""
    damage: str | None = None
    """What of the log was lost before it was exported."""

    def table(self, name: str) -> TableLayout:
        """The table of that name."""
        return next(table for table in self.tables if table.name == name)

    def to_json(self) -> bytes:
        """JSON text, as `from_json` reads it; the spec and the contract stay texts."""
        tables = {
            t.name: {"rows": t.rows, "signals": [asdict(signal) for signal in t.signals]}
            for t in self.tables
        }
        about = {"format": FORMAT, **vars(self.header), "damage": self.damage, "tables": tables}
        return to_json(about)

    @classmethod
    def from_json(cls, text: bytes, where: object) -> "LogLayout":
        """Read a layout back.

        Raises:
            LogError: `text` is no layout; it names `where`.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"its format is {data['format']!r}, not {FORMAT!r}")
            header = {name: data[name] for name in ("robot", "spec", "contract", "created")}
            if not all(isinstance(value, str) for value in header.values()):
                raise ValueError("robot, spec, contract and created must be texts")
            if not isinstance(data["setup"], dict):
                raise ValueError("setup must be an object")
            tables = tuple(_table(name, data["tables"][name]) for name in TABLES)
            return cls(header=LogHeader(setup=data["setup"], **header), tables=tables)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise LogError(
                f"{where} is no header of an exported log: {error}; export the log again"
            ) from None


def _table(name: str, data: Mapping[str, Any]) -> TableLayout:
    rows = data["rows"]
    if type(rows) is not int or rows < 0:
        raise ValueError(f"the rows of {name} are {rows!r}")
    signals = tuple(
        Signal(**{**signal, "elements": tuple(map(str, signal["elements"]))})
        for signal in data["signals"]
    )
    for signal in signals:
        texts = all(isinstance(value, str) for value in (signal.name, signal.kind, signal.unit))
        if not texts or signal.kind not in (*KINDS, "text", "bytes"):
            raise ValueError(f"signal {signal.name!r} of {name} is of kind {signal.kind!r}")
        if signal.kind not in KINDS and signal.width != 1:
            raise ValueError(f"signal {signal.name!r} of {name} has {signal.width} columns")
    found = {signal.name: signal for signal in signals}
    if len(found) != len(signals):
        raise ValueError(f"{name} has a signal twice")
    for needed in NEEDED[name]:
        own = found.get(needed)
        kind = "bytes" if (name, needed) == ("raw", "data") else KIND_OF[needed]
        if own is None or (own.kind, own.width if needed in ONE else 1) != (kind, 1):
            raise ValueError(f"{name} lacks {needed}, or has it as something else")
    _check_widths(name, found)
    return TableLayout(name=name, rows=rows, signals=signals)


def _check_widths(table: str, signals: Mapping[str, Signal]) -> None:
    """Refuse signals that this table of a log does not have, or not so wide."""
    widths: dict[str, int] = {}
    if table == "reading":
        joints = signals["position"].width
        widths = dict.fromkeys((*READING_NAMES, *UNMEASURED, "duty"), joints)
        widths |= {"gyro": 3, "gravity": 3, "acceleration": 3, "inertial_age": 1}
    for name in signals.keys() - set(NEEDED[table]):
        named = table == "policy" and name.startswith("signals.")
        if name not in widths and not named:
            raise ValueError(f"no {table} of a log has a signal {name!r}")
        if signals[name].kind != "f8":
            raise ValueError(f"signal {name!r} of {table} is no number")
    for name in widths.keys() & signals.keys():
        if signals[name].width != widths[name]:
            raise ValueError(f"{name} has {signals[name].width} columns, not {widths[name]}")


STAMPS = (
    Signal(name="order", kind="u8"),
    Signal(name="sequence", kind="u8"),
    Signal(name="host_time", kind="u8", unit="ns"),
    Signal(name="robot_time", kind="u8", unit="ns"),
)
"""What every table begins with: the message's place in the file, its number on its channel (a
number that is left out was lost), and MCAP's two stamps."""

TIME = Signal(name="time", unit="s")
EVENT_SIGNALS = (
    TIME,
    *(Signal(name=name, kind="text") for name in ("level", "kind", "text", "data")),
)
RAW_SIGNALS = (TIME, Signal(name="direction", kind="text"), Signal(name="data", kind="bytes"))

READING_NAMES = ("position", "age", "fault", "torque_enabled")
"""What every exported reading has, a number a joint."""
UNMEASURED = ("velocity", "current", "voltage", "temperature")
"""What every reading has, but an exported one only where some of it was measured."""
_STAMPED = (*(signal.name for signal in STAMPS), "time")
NEEDED = {
    "reading": (*_STAMPED, *READING_NAMES),
    "command": (*_STAMPED, "position"),
    "policy": (*_STAMPED, "observation", "action"),
    "event": (*_STAMPED, "level", "kind", "text", "data"),
    "raw": (*_STAMPED, "direction", "data"),
}
"""Signals that a table must have."""
ONE = frozenset((*_STAMPED, "level", "kind", "text", "data", "direction"))
"""Signals of one column."""
KIND_OF = {
    **dict.fromkeys((*_STAMPED[:4],), "u8"),
    **dict.fromkeys(("time", "position", "age"), "f8"),
    **dict.fromkeys(("fault", "torque_enabled"), "u1"),
    **dict.fromkeys(("observation", "action"), "f4"),
    **dict.fromkeys(("level", "kind", "text", "data", "direction"), "text"),
}
"""Kind of each of them."""


def _printable(name: str) -> str:
    whole = name.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "_" for c in whole)


def _unique(name: str, taken: Mapping[str, object]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name} #{number}", number + 1
    return found
