"""`Samples`: signals over time, as logs of others hold them; and the log made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.new_place import new_place
from ashore.hardware.reading import Command, Inertial, Reading

Array = NDArray[np.float64]
PER_JOINT = ("velocity", "current", "voltage", "temperature", "duty")
"""Signals that may stand beside the position; NaN where they do not."""
OF_BASE = ("gyro", "gravity", "acceleration")
"""Signals of an inertial sensor, three numbers each."""


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Some rows of a log, in SI units."""

    time: Array
    """When, on the robot's clock, `(T,)` [s]."""
    signals: Mapping[str, Array]
    """By name: `position`, those of `PER_JOINT` and `command`, `(T, nj)`; those of `OF_BASE`,
    `(T, 3)`; `inertial_age`, `(T, 1)` [s]. A row whose position is NaN throughout is no reading,
    and one whose command is, no command."""


def write_samples(
    out: Path, header: LogHeader, batches: Iterable[Samples], source: object
) -> Path:
    """Write a log of samples, and return its path.

    Raises:
        LogError: a time, a position or a command is not finite, time goes backwards, there is no
            reading, or `out` exists; `source` is named.
    """
    with new_place(out) as place, LogWriter(place, header, offline=True) as log:
        last: dict[str, float] = {}
        for batch in batches:
            for row, time in enumerate(batch.time.tolist()):
                _write(log, time, {k: v[row] for k, v in batch.signals.items()}, last, source)
        if "position" not in last:
            raise LogError(f"{source} holds no reading of joints; give a log with some")
    return out


def _write(
    log: LogWriter, time: float, row: Mapping[str, Array], last: dict[str, float], source: object
) -> None:
    for name in ("position", "command"):
        values = row.get(name)
        if values is None or np.isnan(values).all():
            continue
        if not np.isfinite(time) or time < last.get(name, -np.inf):
            raise LogError(
                f"{source}: the {name} at {time} s comes after one at "
                f"{last.get(name, 0.0)} s; times must be finite and not go backwards"
            )
        last[name] = time
        _finite(values, name, time, source)
        if name == "command":
            log.command(time, Command(position=values))
        else:
            log.reading(_reading(time, values, row))


def _finite(values: Array, name: str, time: float, source: object) -> None:
    if not np.isfinite(values).all():
        joint = int(np.flatnonzero(~np.isfinite(values))[0])
        raise LogError(
            f"{source}: the {name} of joint {joint} at {time} s is {values[joint]}, and must be "
            "finite; mend or drop that row"
        )


def _reading(time: float, position: Array, row: Mapping[str, Array]) -> Reading:
    unknown = np.full(len(position), np.nan)
    inertial = None
    if any(name in row for name in OF_BASE):
        found = {name: row.get(name, np.full(3, np.nan)) for name in OF_BASE}
        age = float(row["inertial_age"][0]) if "inertial_age" in row else 0.0
        inertial = Inertial(age=age, **found)
    return Reading(
        time=time,
        position=position,
        **{name: row.get(name, unknown) for name in PER_JOINT},
        age=np.zeros(len(position)),
        fault=np.zeros(len(position), np.uint8),
        inertial=inertial,
    )
