"""The pictures of a report, as SVG text."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ashore.adapt.diagnose.diagnosis import Finding
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.interval import Interval
from ashore.adapt.tuning.trial import Round

INK, QUIET, BEFORE, AFTER = "#1c2430", "#8b95a3", "#d1603d", "#1f6feb"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "ashore",
}

SHOWN_SECONDS = 8.0
"""How much of the held-out log is drawn [s]."""


def svg(figure: Figure) -> str:
    """SVG text of a figure, to stand inside a page."""
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def canvas(
    width: float, height: float, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """A figure with a grid of plots, row by row, in the report's style [inch]."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(rows, columns, n + 1) for n in range(rows * columns)]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes


def prediction(evidence: OpenLoop, joint: int = 0) -> Figure:
    """Held-out angles, measured and as both simulators predict them from each window's start."""
    figure, (angle, error) = canvas(8.6, 4.6, rows=2)
    shown = evidence.time <= SHOWN_SECONDS
    time, measured = evidence.time[shown], evidence.measured[shown, joint]
    angle.plot(time, measured, color=INK, linewidth=2.2, label="measured")
    names = (("nominal simulator", BEFORE), ("calibrated simulator", AFTER))
    for (name, colour), predicted in zip(names, evidence.predicted, strict=True):
        line = predicted[shown, joint].copy()
        starts = np.flatnonzero(np.diff(evidence.window[shown])) + 1
        line[starts] = np.nan
        angle.plot(time, line, color=colour, linewidth=1.3, label=name)
        error.plot(time, 1e3 * np.abs(line - measured), color=colour, linewidth=1.3)
    angle.set_ylabel("angle [rad]")
    angle.legend(frameon=False, ncols=3, loc="upper right", fontsize=9)
    low, high = angle.get_ylim()
    angle.set_ylim(low, high + 0.25 * (high - low))
    error.set_ylabel("error [mrad]")
    error.set_xlabel("held-out time [s]")
    return figure


def posterior(findings: Sequence[Finding]) -> Figure:
    """Each varied parameter's 90 % interval, in units of its range of pretraining."""
    varied = [finding for finding in findings if finding.trained is not None][::-1]
    figure, (axes,) = canvas(8.6, 0.7 + 0.36 * len(varied))
    draw_posterior(axes, varied)
    axes.set_xlabel("range of pretraining = 0 to 1;   | nominal,   ● from the log, 90 % interval")
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)
    return figure


def draw_posterior(axes: Axes, varied: Sequence[Finding]) -> None:
    """Draw intervals of parameters that pretraining varied, the first at the bottom."""
    axes.axvspan(0.0, 1.0, color=AFTER, alpha=0.1, linewidth=0)
    for row, finding in enumerate(varied):
        low, high = finding.trained or (0.0, 1.0)
        ends = [(x - low) / (high - low) for x in (finding.low, finding.value, finding.high)]
        colour = QUIET if not finding.told else (BEFORE if finding.outside else AFTER)
        axes.plot([ends[0], ends[2]], [row, row], color=colour, linewidth=3, alpha=0.55)
        axes.plot(ends[1], row, "o", color=colour, markersize=6)
        axes.plot((finding.nominal - low) / (high - low), row, "|", color=INK, markersize=11)
    axes.set_yticks(range(len(varied)), [finding.parameter for finding in varied])
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, -0.6), max(right, 1.6))


def ladder(rounds: Sequence[Round]) -> Figure:
    """Validation reward after each round of tuning, each rung in turn."""
    figure, (axes,) = canvas(8.6, 2.4)
    for rung in dict.fromkeys(each.rung for each in rounds):
        own = [each for each in rounds if each.rung == rung]
        axes.plot([1e-3 * r.steps for r in own], [r.reward for r in own], "o-", label=rung)
    axes.set_xlabel("control steps of tuning [thousand]")
    axes.set_ylabel("reward per step")
    axes.legend(frameon=False, ncols=4, fontsize=9)
    return figure


def rewards(pairs: Mapping[str, tuple[Interval, Interval]]) -> Figure:
    """Reward before and after with intervals, one pair a place where it was measured."""
    figure, (axes,) = canvas(8.6, 0.9 + 0.75 * len(pairs))
    draw_rewards(axes, pairs)
    axes.set_xlabel("mean reward per step (1 is perfect); line: 95 % interval")
    axes.tick_params(left=False)
    return figure


def draw_rewards(axes: Axes, pairs: Mapping[str, tuple[Interval, Interval]]) -> None:
    """Draw a point with its interval before and after, the first place at the top."""
    names = list(pairs)[::-1]
    for row, name in enumerate(names):
        for shift, colour, found in zip((0.16, -0.16), (BEFORE, AFTER), pairs[name], strict=True):
            height = row + shift
            axes.plot([found.low, found.high], [height, height], color=colour, linewidth=3)
            axes.plot(found.mean, height, "o", color=colour, markersize=8)
            axes.annotate(
                f"{found.mean:.3f}",
                (found.high, height),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    ends = [end for pair in pairs.values() for found in pair for end in (found.low, found.high)]
    spare = max(0.02, 0.25 * (max(ends) - min(ends)))
    axes.set_xlim(min(ends) - spare, max(ends) + 1.5 * spare)
