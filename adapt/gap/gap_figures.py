"""The pictures of a replay."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ashore.adapt.figures import AFTER, BEFORE, INK, QUIET, canvas
from ashore.adapt.gap.conduct import Conduct
from ashore.adapt.gap.gap import Gap
from ashore.adapt.gap.lags import Lags
from ashore.adapt.gap.signal import SIGNALS, Signal

Array = NDArray[np.float64]

COLOURS = (BEFORE, AFTER)
"""Of the nominal and the calibrated simulator."""
COLUMNS = 3
"""Plots side by side where each joint has one."""
WIDTH = 8.6
"""Of every picture [inch]."""


def by_horizon(found: Gap) -> Figure:
    """Error of each signal over the time since the restart, all its columns together."""
    names = [name for name in SIGNALS if name in found.profile]
    rows = ceil(len(names) / COLUMNS)
    figure, axes = canvas(WIDTH, 2.1 * rows, rows, COLUMNS)
    for axis, name in zip(axes, names, strict=False):
        signal = SIGNALS[name]
        together = np.sqrt(np.nanmean(np.square(found.profile[name]), axis=2))
        _lines(axis, found, signal.scale * together)
        axis.set_title(f"{signal.title} [{signal.unit}]", fontsize=10)
    _close(axes, len(names), "time since the restart [s]")
    axes[0].legend(frameon=False, fontsize=9)
    return figure


def joints_by_horizon(found: Gap, names: Sequence[str]) -> Figure:
    """Error of each joint's angle over the time since the restart."""
    rows, signal = ceil(len(names) / COLUMNS), SIGNALS["joint_position"]
    figure, axes = canvas(WIDTH, 1.6 * rows + 0.3, rows, min(COLUMNS, len(names)))
    for column, (axis, name) in enumerate(zip(axes, names, strict=False)):
        _lines(axis, found, signal.scale * found.profile["joint_position"][:, :, column])
        axis.set_title(name, fontsize=10)
    _close(axes, len(names), "since the restart [s]")
    axes[0].set_ylabel(f"[{signal.unit}]")
    return figure


def beside(found: Gap, key: str, names: Sequence[str]) -> Figure:
    """A stretch of a signal, measured and as each simulator predicts it from each restart."""
    rows, signal, series = ceil(len(names) / COLUMNS), SIGNALS[key], found.drawn
    figure, axes = canvas(WIDTH, 1.7 * rows + 0.3, rows, min(COLUMNS, len(names)))
    for column, (axis, name) in enumerate(zip(axes, names, strict=False)):
        axis.plot(series.time, _scaled(signal, series.measured[key][:, column]), color=INK, lw=1.8)
        for colour, each in zip(COLOURS, series.predicted[key], strict=False):
            line = _scaled(signal, each[:, column])
            line[series.restart] = np.nan
            axis.plot(series.time, line, color=colour, lw=1.0)
        axis.set_title(name, fontsize=10)
    _close(axes, len(names), "time [s]")
    axes[0].set_ylabel(f"[{signal.unit}]")
    return figure


def late(found: Lags, simulators: Sequence[str], names: Sequence[str]) -> Figure:
    """Lag of each joint behind its goal, on the robot and in each simulator."""
    figure, (axis,) = canvas(WIDTH, 0.9 + 0.26 * len(names))
    colours = (INK, *COLOURS)
    for row, name, colour in zip(found.crossed, ("robot", *simulators), colours, strict=False):
        axis.plot(1e3 * row, np.arange(len(names)), "o", color=colour, label=name, alpha=0.85)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlabel("lag behind the goal, by cross-correlation [ms]")
    axis.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return figure


def clock(found: Conduct) -> Figure:
    """How long it was from each reading to the next."""
    figure, (axis,) = canvas(WIDTH, 2.0)
    steps, period = 1e3 * found.steps, 1e3 * found.period
    reach = max(2.0 * period, min(float(steps.max(initial=0.0)), 4.0 * period))
    axis.hist(np.clip(steps, 0.0, reach), bins=80, range=(0.0, reach), color=QUIET, log=True)
    axis.axvline(period, color=AFTER, lw=1.2)
    axis.set_xlabel("from one reading to the next [ms]; line: the control period; longer ones last")
    axis.set_ylabel("readings")
    return figure


def _scaled(signal: Signal, values: Array) -> Array:
    """Values in the unit that the signal is told in."""
    return np.array(values) * signal.scale


def _lines(axis: Axes, found: Gap, errors: Array) -> None:
    for name, colour, error in zip(found.simulators, COLOURS, errors, strict=False):
        axis.plot(found.horizon, error, color=colour, lw=1.6, label=name)
    axis.set_ylim(bottom=0.0)


def _close(axes: Sequence[Axes], used: int, below: str) -> None:
    """Take away the plots that nothing is in, and name the axis below the last."""
    for axis in axes[used:]:
        axis.set_axis_off()
    for axis in axes[max(0, used - COLUMNS) : used]:
        axis.set_xlabel(below)
