"""`Conduct`: how a log came about: its clock, what is missing, what stood at its limits."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.diagnose.record import Record
from ashore.adapt.diagnose.saturation import at_limits
from ashore.hardware.logs.log import Event, Log

Array = NDArray[np.float64]

GRAVE = ("warning", "error")
"""Levels of events that are shown one by one."""


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """How a log of `nj` joints came about."""

    seconds: float
    """From its first reading to its last [s]."""
    readings: int
    """How many there are."""
    period: float
    """Control period of the spec [s]."""
    steps: Array
    """Time from each reading to the next, `(T - 1,)` [s]."""
    lost: int
    """Control steps without a reading."""
    missing: Array
    """Share of the readings in which each joint did not answer, `(nj,)`."""
    stale: float | None
    """Share of the readings without a fresh inertial sample; None without such a sensor."""
    at_limits: Mapping[str, Array]
    """Share of the time at work at each kind of limit, by what it is, `(nj,)`."""
    events: Mapping[tuple[str, str], int]
    """How many events there were, by level and kind."""
    grave: tuple[Event, ...]
    """Warnings and errors."""
    damage: str | None
    """What of the file was lost; None if it is whole."""

    @property
    def jitter(self) -> dict[str, float]:
        """Quantiles of the time between readings [s]."""
        if not len(self.steps):
            return {}
        quantiles = {"p1": 0.01, "p50": 0.5, "p99": 0.99, "max": 1.0}
        return {name: float(np.quantile(self.steps, q)) for name, q in quantiles.items()}


def conduct(log: Log, record: Record) -> Conduct:
    """Look at how a log came about.

    Args:
        log: the log.
        record: its signals side by side.
    """
    steps = np.diff(record.time)
    periods = np.round(steps / record.period) - 1.0
    work = max(1, np.count_nonzero(record.working))
    old = log.readings.inertial_age
    counted = Counter((event.level, event.kind) for event in log.events)
    return Conduct(
        seconds=float(record.time[-1]),
        readings=len(record.time),
        period=record.period,
        steps=steps,
        lost=int(np.maximum(periods, 0.0).sum()),
        missing=1.0 - record.fresh.mean(axis=0),
        stale=float(np.mean(~(old <= 0.0))) if record.inertial else None,
        at_limits={what: mask.sum(axis=0) / work for what, mask in at_limits(record).items()},
        events=dict(counted),
        grave=tuple(event for event in log.events if event.level in GRAVE),
        damage=log.damage,
    )
