"""`page`: a replay for people, one file that opens from disk."""

import html
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.document import document, quiet, section, table
from ashore.adapt.figures import svg
from ashore.adapt.gap import gap_figures
from ashore.adapt.gap.conduct import Conduct
from ashore.adapt.gap.gap import Gap
from ashore.adapt.gap.lags import Lags
from ashore.adapt.gap.parity import Parity
from ashore.adapt.gap.signal import SIGNALS
from ashore.hardware.spec import RobotSpec

MANY = 20
"""Warnings and errors that are listed."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """All that a replay found of one log."""

    source: str
    """Name of the log's file."""
    spec: RobotSpec
    """The robot, as the log was read."""
    created: str
    """When it was recorded."""
    conduct: Conduct
    """How it came about."""
    gap: Gap
    """How far simulators come from it."""
    lags: Lags | None
    """How late joints follow; None of a log too short to tell."""
    parity: Parity | None
    """The policy run again; None of a log without one."""


def page(found: Replayed) -> str:
    """HTML text of the page."""
    return document(
        f"{found.source} beside simulation",
        [
            _headline(found),
            _far(found),
            _joints(found),
            _beside(found),
            _late(found),
            _conduct(found),
            _policy(found),
        ],
    )


def far(found: Replayed) -> list[tuple[str, ...]]:
    """Error of each signal, all its columns together, a row each after a row of heads."""
    rows = [("", *found.gap.errors)]
    for name, signal in SIGNALS.items():
        cells = [f"{signal.title} [{signal.unit}]"]
        for errors in found.gap.errors.values():
            if name in errors:
                together = np.sqrt(np.nanmean(np.square(errors[name]), axis=1))
                cells.append(" / ".join(f"{signal.scale * each:.3g}" for each in together))
        rows += [tuple(cells)] if len(cells) > 1 else []
    return rows


def _headline(found: Replayed) -> str:
    spec, names = found.spec, " and the ".join(found.gap.simulators)
    return (
        f"<h1>{html.escape(found.source)} beside simulation</h1>"
        + quiet(
            f"{spec.description or spec.name}; recorded {found.created or 'at an unknown time'}; "
            f"{found.gap.seconds:.1f} s of a robot at work, replayed by the {names} simulator."
        )
    )


def _far(found: Replayed) -> str:
    order, (heads, *rows) = " / ".join(found.gap.simulators), far(found)
    return section(
        "How far simulation is from the log",
        svg(gap_figures.by_horizon(found.gap)),
        quiet(
            "Each simulator is put where the robot was, by its own sensors, is given the log's "
            "goals at the log's times, and is compared with what was measured then: root mean "
            f"squared errors, {order}. The longer without a restart, the more small errors grow; "
            "of a free base, what a restart does not know (its speed over ground, its contacts) "
            "counts most right after it."
        ),
        table(heads, rows),
    )


def _joints(found: Replayed) -> str:
    gap, spec = found.gap, found.spec
    tables = []
    for name, signal in SIGNALS.items():
        ways = [way for way, errors in gap.errors.items() if name in errors]
        if not ways:
            continue
        rows = [
            (column, *(
                " / ".join(f"{signal.scale * e:.3g}" for e in gap.errors[way][name][:, index])
                for way in ways
            ))
            for index, column in enumerate(signal.columns(spec))
        ]
        title = html.escape(f"{signal.title} [{signal.unit}]")
        shown = table(("", *ways), rows)
        tables.append(f"<details><summary>{title}</summary>{shown}</details>")
    return section(
        "Joint by joint",
        svg(gap_figures.joints_by_horizon(gap, spec.names)),
        *tables,
    )


def _beside(found: Replayed) -> str:
    parts = []
    for name, signal in SIGNALS.items():
        if name in found.gap.drawn.measured:
            picture = svg(gap_figures.beside(found.gap, name, signal.columns(found.spec)))
            opened = " open" if name == "joint_position" else ""
            title = html.escape(signal.title)
            parts.append(f"<details{opened}><summary>{title}</summary>{picture}</details>")
    names = ", ".join(
        f"{colour} {name}" for colour, name in zip(("orange", "blue"), found.gap.simulators,
                                                   strict=False)
    )
    return section(
        "Measured and predicted",
        quiet(f"Black: measured; {names}; restarted every 0.5 s. The first seconds of the log."),
        *parts,
    )


def _late(found: Replayed) -> str:
    if found.lags is None:
        return ""
    names, lags = found.spec.names, found.lags
    rows = [
        (name, _ms(lags.crossed[:, index]), _ms(lags.reaction[:, index]))
        for index, name in enumerate(names)
    ]
    order = " / ".join(("robot", *found.gap.simulators))
    return section(
        "How late joints follow",
        svg(gap_figures.late(lags, found.gap.simulators, names)),
        quiet(
            f"{order}, of the longest replay without a restart. The lag counts a soft servo as "
            "late; the reaction is the time to the first move, whatever its stiffness."
        ),
        "<details><summary>All joints</summary>",
        table(("joint", "lag [ms]", "reaction [ms]"), rows),
        "</details>",
    )


def _ms(values: NDArray[np.float64]) -> str:
    return " / ".join("stood" if np.isnan(each) else f"{1e3 * each:.1f}" for each in values)


def _conduct(found: Replayed) -> str:
    seen = found.conduct
    rows = [("readings", f"{seen.readings} in {seen.seconds:.1f} s, {seen.lost} steps without one")]
    if seen.jitter:
        told = ", ".join(f"{name} {1e3 * value:.2f} ms" for name, value in seen.jitter.items())
        rows.append(("from one reading to the next", told))
    rows += [
        (f"{name} did not answer", f"{share:.2%} of the readings")
        for name, share in zip(found.spec.names, seen.missing, strict=True)
        if share > 0.0
    ]
    if seen.stale is not None:
        rows.append(("inertial sample missing or old", f"{seen.stale:.2%} of the readings"))
    rows += [
        (f"{name} at {what}", f"{share:.2%} of the time at work")
        for what, shares in seen.at_limits.items()
        for name, share in zip(found.spec.names, shares, strict=True)
        if share > 0.0
    ]
    rows += [(f"events, {level}, {kind}", str(n)) for (level, kind), n in seen.events.items()]
    if seen.damage is not None:
        rows.append(("the file is damaged", seen.damage))
    grave = "".join(
        f"<li>{html.escape(f'{event.level}: {event.text}')}</li>" for event in seen.grave[:MANY]
    )
    return section(
        "How the log came about",
        svg(gap_figures.clock(seen)),
        table(("", ""), rows),
        f"<ul>{grave}</ul>" if grave else "",
    )


def _policy(found: Replayed) -> str:
    if found.parity is None:
        return section("The policy, run again", quiet("No policy is at work in this log."))
    alone = "" if found.parity.action is not None else (
        " The policy itself was not given, so that only what it saw was built again."
    )
    return section("The policy, run again", f"<p>{html.escape(f'{found.parity}.{alone}')}</p>")
