"""The page of a sweep: a table, and pictures of means and intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ashore.adapt.document import document, quiet, section, table
from ashore.adapt.figures import AFTER, QUIET, canvas, svg
from ashore.launch.sweep.sweep_table import SettingFound, columns_of

POINTS = 60
"""Points of a drawn learning curve."""
Curve = Sequence[tuple[float, float]]


def sweep_page(
    heading: str,
    meaning: str,
    found: Sequence[SettingFound],
    curves: Mapping[str, Sequence[Curve]],
    failed: Mapping[str, str],
) -> str:
    """HTML text of a sweep.

    Args:
        heading: what was swept.
        meaning: what the columns say.
        found: what came of each setting.
        curves: how each setting's trials went.
        failed: why trials failed, by name.
    """
    columns = columns_of(found)
    seeds = max((len(values) for each in found for values in each.each.values()), default=0)
    rows = [[each.title, *(each.cell(column) for column in columns)] for each in found]
    told = f"{meaning} Means over {seeds} seeds with Student's 95 % intervals."
    sections = [section(heading, quiet(told), table(("setting", *columns), rows))]
    if varied := [column for column in columns if _varies(found, column)]:
        sections.append(section("Means, intervals and each seed", svg(means(found, varied))))
    whole = {title: [curve for curve in group if len(curve) > 1] for title, group in curves.items()}
    if drawn := {title: group for title, group in whole.items() if group}:
        sections.append(section("Learning", svg(learning(drawn))))
    if failed:
        lost = table(("trial", "why it failed"), [list(item) for item in failed.items()])
        sections.append(section("Failed", lost))
    return document(heading, sections, 1100)


def _varies(found: Sequence[SettingFound], column: str) -> bool:
    """Whether a column says anything but one and the same."""
    return len({value for setting in found for value in setting.each.get(column, ())}) > 1


def means(found: Sequence[SettingFound], columns: Sequence[str]) -> Figure:
    """Every column as a plot: settings from top to bottom, seeds as dots about the mean."""
    wide = 2 if len(columns) > 1 else 1
    rows = -(-len(columns) // wide)
    figure, plots = canvas(10.0, rows * (0.9 + 0.32 * len(found)), rows, wide)
    places = np.arange(len(found))[::-1]
    for axes, column in zip(plots, columns, strict=False):
        for place, setting in zip(places, found, strict=True):
            if column not in setting.each:
                continue
            mean, values = setting.means[column], setting.each[column]
            axes.plot([mean.low, mean.high], [place, place], color=AFTER, lw=2)
            axes.plot(values, np.full(len(values), place), "o", color=QUIET, ms=3.5, alpha=0.8)
            axes.plot(mean.mean, place, "|", color=AFTER, ms=11, mew=2.5)
        axes.set_yticks(places, [setting.title for setting in found])
        axes.set_ylim(-0.6, len(found) - 0.4)
        axes.set_xlabel(column)
    for axes in plots[len(columns) :]:
        axes.set_axis_off()
    return figure


def learning(curves: Mapping[str, Sequence[Curve]]) -> Figure:
    """Reward over control steps: each setting's mean over seeds, and from least to most."""
    figure, (axes,) = canvas(10.0, 4.2)
    for title, group in curves.items():
        lines = [np.array(curve) for curve in group]
        begin, end = max(line[0, 0] for line in lines), min(line[-1, 0] for line in lines)
        steps = np.linspace(begin, end, POINTS)
        each = np.array([np.interp(steps, line[:, 0], line[:, 1]) for line in lines])
        (drawn,) = axes.plot(steps / 1e6, each.mean(axis=0), label=title, lw=1.8)
        low, high = each.min(axis=0), each.max(axis=0)
        axes.fill_between(steps / 1e6, low, high, color=drawn.get_color(), alpha=0.15, lw=0)
    axes.set_xlabel("million control steps")
    axes.set_ylabel("reward per step, as it trains")
    axes.legend(frameon=False)
    return figure
