"""A log of a robot: what it sensed, was told, decided, and what happened to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_recovery import Recovery, recover
from ashore.hardware.logs.log_scan import LogScan
from ashore.hardware.logs.log_sorter import LogSorter
from ashore.hardware.logs.log_tables import (
    Commands,
    Event,
    LogTables,
    PolicySteps,
    RawBytes,
    Readings,
)
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
class Log(LogTables):
    """Everything in a log that can be trusted."""

    path: Path
    """The file it was read from."""
    header: LogHeader
    """Which robot, spec, contract and setup it is of."""
    damage: str | None
    """What of the file was lost, and where; None when it is whole."""

    @classmethod
    def open(cls, path: str | Path) -> "Log":
        """Read a log, or of a damaged one all that is whole; `damage` says what is not.

        Raises:
            LogError: the file is missing, empty, not a log, of an unknown format version, or
                nothing in it can be read.
        """
        scan = LogScan(path)
        sorter = LogSorter(scan.path)
        for message in scan:
            sorter.add(message)
        return cls._last(scan, sorter)

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
        scan = LogScan(path)
        sorter, count = LogSorter(scan.path), 0
        for message in scan:
            if count == messages:
                yield cls(path=scan.path, header=scan.header, damage=None, **vars(sorter.tables()))
                sorter, count = LogSorter(scan.path), 0
            sorter.add(message)
            count += 1
        yield cls._last(scan, sorter)

    @classmethod
    def _last(cls, scan: LogScan, sorter: LogSorter) -> "Log":
        """The log, or its last part, after the scan; refused if nothing of it could be read."""
        header = scan.header
        if scan.kept == 0:
            raise LogError(
                f"the log {scan.path} holds no message that can be read "
                f"({scan.damage or 'none was written'}); record it again"
            )
        return cls(path=scan.path, header=header, damage=scan.damage, **vars(sorter.tables()))


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
