"""The page of a fleet: every robot's verdict, which are alike, and whose policies serve whom."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ashore.adapt.document import document, quiet, section, table
from ashore.adapt.figures import canvas, svg
from ashore.adapt.interval import Interval
from ashore.launch.fleet.compared import Compared
from ashore.policies.bundle import Bundle

SHADE = "Oranges"
MOST = 16
"""Robots beyond which a picture's numbers are left out."""


def fleet_page(
    judged: Mapping[str, Bundle], failed: Mapping[str, str], compared: Compared | None
) -> str:
    """HTML text of a fleet.

    Args:
        judged: each robot's judged bundle.
        failed: why there is none, of the others.
        compared: the robots beside one another; None if nothing is known of any.
    """
    count = len(judged) + len(failed)
    sections = [section(f"{count} robots", _robots(judged, failed, compared))]
    if compared is not None:
        sections += [_alike(compared), _served(compared)]
    return document("A fleet", sections, 1100)


def _robots(
    judged: Mapping[str, Bundle], failed: Mapping[str, str], compared: Compared | None
) -> str:
    rows = []
    for name, bundle in judged.items():
        verdict = bundle.verdict or {}
        gain = verdict.get("closed_loop")
        known = compared is not None and name in compared.alike.names
        apart = compared.alike.apart(name) if compared is not None and known else ""
        why = (verdict.get("why") or [""])[0]
        gained = str(Interval(**gain)) if gain else ""
        rows.append([name, str(verdict.get("answer", "")), gained, apart, why])
    rows += [[name, "failed", "", "", why] for name, why in failed.items()]
    heads = ("robot", "verdict", "gain per step", "what sets it apart most", "why")
    return table(heads, rows)


def _alike(compared: Compared) -> str:
    alike = compared.alike
    order = [alike.names.index(name) for group in alike.groups for name in group]
    names = [alike.names[index] for index in order]
    groups = "".join(f"<li>{html.escape(', '.join(group))}</li>" for group in alike.groups)
    return section(
        "Which are alike",
        quiet(
            "Of the parameter that differs most clearly between two robots, the difference beside "
            "what would be clear: above 1, chance does not explain it (95 %, over all parameters "
            "that both logs tell). Robots of a group differ clearly in nothing."
        ),
        svg(matrix(names, alike.difference[order][:, order], "clear difference", 2.0, "{:.1f}")),
        f"<ol>{groups}</ol>",
    )


def _served(compared: Compared) -> str:
    exchanged = compared.exchanged
    order = [exchanged.names.index(name) for each in exchanged.served for name in each.robots]
    names = [exchanged.names[index] for index in order]
    items = ""
    for each in exchanged.served:
        whose = f"that of {each.whose}" if each.whose in exchanged.tuned else "the base one"
        told = f"{whose} for {', '.join(each.robots)}, who lose at most {each.most:.3f}"
        items += f"<li>{html.escape(told)}</li>"
    loss = exchanged.loss[order][:, order]
    return section(
        "Whose policy serves whom",
        quiet(
            "Reward per step that simulated robots like that of a row lose under the policy of a "
            "column, beside their own; below nothing, they gain. Of a robot whose candidate was "
            "refused, the policy is the base one. A loss of up to "
            f"{exchanged.least:g} is not worth a policy of one's own, so that these are enough:"
        ),
        f"<ol>{items}</ol>",
        svg(matrix(names, loss, "reward per step lost", 3.0 * exchanged.least, "{:.3f}")),
    )


def matrix(
    names: Sequence[str], values: NDArray[np.float64], label: str, least: float, form: str
) -> Figure:
    """Numbers between any two robots as a picture, shaded from 0 to at least `least`."""
    size = min(2.6 + 0.45 * len(names), 9.0)
    figure, (axes,) = canvas(size + 1.6, size)
    shown = axes.imshow(values, cmap=SHADE, vmin=0.0, vmax=max(float(values.max()), least))
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    if len(names) <= MOST:
        dark = 0.6 * float(shown.get_clim()[1])
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if value > dark else "black"
            text = form.format(value)
            axes.text(column, row, text, ha="center", va="center", color=ink, size=8)
    figure.colorbar(shown, label=label)
    return figure
