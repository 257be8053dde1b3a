"""`inspect`: all that is wrong with a log, each finding with where."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log
from ashore.hardware.logs.log_scan import LogScan

GAP = 0.5
"""Time without a reading, or without a command, that is told [s], if it is also ten periods."""
_SHOWN = 10
"""Findings of one sort that are told; the others are counted."""
_OPTIONAL = ("velocity", "current", "voltage", "temperature", "duty")
"""Signals that a robot may not have: NaN throughout is no error."""

Array = NDArray[np.float64]


@dataclass
class _Column:
    """The numbers of one signal of one joint that cannot be calculated with."""

    rows: int = 0
    missing: int = 0
    bad: int = 0
    where: float = 0.0


@dataclass
class _Clock:
    """The times of one channel, over the parts of a log."""

    last: float | None = None
    count: int = 0
    period: float | None = None


@dataclass
class _Inspector:
    """Looks at a log a part at a time, and keeps little of it."""

    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    more: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    columns: dict[tuple[str, int], _Column] = field(default_factory=lambda: defaultdict(_Column))
    clocks: dict[str, _Clock] = field(default_factory=lambda: defaultdict(_Clock))
    widths: dict[str, int] = field(default_factory=dict)
    seams: list[float] = field(default_factory=list)

    def tell(self, sort: str, text: str) -> None:
        """Keep a finding, or count it."""
        if len(self.found[sort]) < _SHOWN:
            self.found[sort].append(text)
        else:
            self.more[sort] += 1

    def look(self, part: Log) -> None:
        """Look at one part."""
        here = [e.time for e in part.events if e.kind == "log" and "shift" in e.data]
        self.seams = (self.seams + here)[-1000:]
        for source, time in (
            ("reading", part.readings.time),
            ("command", part.commands.time),
            ("policy step", part.policy.time),
        ):
            self._times(source, time)
        for name in ("position", *_OPTIONAL, "age"):
            self._numbers(name, part.readings.time, getattr(part.readings, name))
        self._numbers("commanded position", part.commands.time, part.commands.position)
        self._numbers("observation", part.policy.time, part.policy.observation.astype(np.float64))
        self._numbers("action", part.policy.time, part.policy.action.astype(np.float64))

    def _times(self, source: str, time: Array) -> None:
        if not len(time):
            return
        clock = self.clocks[source]
        before = [] if clock.last is None else [clock.last]
        whole = np.concatenate([before, time])
        steps = np.diff(whole)
        start = clock.count - len(before)
        for index in np.flatnonzero(~np.isfinite(time)):
            self.tell("time", f"the time of {source} {clock.count + index} is {time[index]}")
        for index in np.flatnonzero(steps < 0.0):
            self.tell(
                "backwards",
                f"time goes backwards at {source} {start + index + 1}, from {whole[index]:.6f} s "
                f"to {whole[index + 1]:.6f} s",
            )
        if clock.period is None and len(steps) > 2:
            clock.period = float(np.nanmedian(steps))
        least = max(GAP, 10.0 * (clock.period or 0.0))
        for index in np.flatnonzero(steps > least):
            begin, end = whole[index], whole[index + 1]
            if source != "reading" or any(begin <= seam <= end for seam in self.seams):
                continue
            self.tell("gap", f"no {source} from {begin:.3f} s to {end:.3f} s")
        clock.last, clock.count = float(time[-1]), clock.count + len(time)

    def _numbers(self, name: str, time: Array, values: Array) -> None:
        if not len(values):
            return
        width = self.widths.setdefault(name, values.shape[1])
        if width != values.shape[1]:
            self.tell("width", f"{name} has {values.shape[1]} numbers and had {width} before")
        for joint in range(values.shape[1]):
            column, bad = self.columns[name, joint], ~np.isfinite(values[:, joint])
            if bad.any() and not column.bad:
                column.where = float(time[np.flatnonzero(bad)[0]])
            column.rows += len(bad)
            column.bad += int(bad.sum())
            column.missing += int(np.isnan(values[:, joint]).sum())

    def findings(self) -> list[str]:
        """All that was found, sort by sort."""
        for (name, joint), column in self.columns.items():
            unmeasured = name in _OPTIONAL and column.missing == column.rows
            if column.bad and not unmeasured:
                self.tell(
                    f"numbers of {name}",
                    f"{name} {joint} is NaN or infinite {column.bad} times of {column.rows}, first "
                    f"at {column.where:.6f} s",
                )
        said = []
        for sort, texts in self.found.items():
            said += texts
            if self.more[sort]:
                said.append(f"and {self.more[sort]} findings more of this sort ({sort})")
        return said


def inspect(path: str | Path) -> list[str]:
    """Read a log of any length to its end, and return what is wrong with it, a sentence each.

    Looked for are damage, missing messages, time that goes backwards or stands still in the middle
    (but not between the logs that a merged one is made of), numbers that are NaN or infinite where
    a robot has such a sensor, widths that change, and the lack of readings.

    Raises:
        LogError: it is no log, or nothing of it can be read.
    """
    inspector, damage, readings = _Inspector(), None, 0
    try:
        for part in Log.batches(path):
            inspector.look(part)
            damage, readings = part.damage, readings + len(part.readings)
    except LogError as error:
        if not inspector.clocks:
            raise
        inspector.tell("message", f"{error}; what follows was not looked at")
    if readings == 0:
        inspector.tell("readings", "it holds no reading")
    return [*(_damages(path) if damage else []), *inspector.findings()]


def _damages(path: str | Path) -> list[str]:
    """What is wrong with the file, one by one."""
    scan = LogScan(path)
    for _ in scan:
        pass
    return scan.findings
