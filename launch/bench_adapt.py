"""The benchmark of adaptation: hidden twins, each from a minute of log to a judged policy."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ashore.adapt.figures import AFTER, BEFORE, INK, canvas
from ashore.launch.adapt_cases import CASES, ROBOT
from ashore.launch.adapt_measure import MeasureConfig, accepted, gain, measure
from ashore.launch.figure import Row, row
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

FOLDER = Path("runs/bench-adapt")
"""Where twins that are done are kept: a run that was killed goes on there."""
LEAST = 0.01
"""Smallest gain per step of a policy that was told the truth for a gap to be there at all."""
SHORT = MeasureConfig(episodes=1, seeds=(501,), steps=40_000, rungs=())
MEANINGS = {
    "closed_gap_median": "gain of what the gate lets pass over the gain of a policy tuned with the "
    "robot's parameters told, in the median twin outside the range where the latter is over 0.01",
    "head_share_of_all": "gain of training the head alone over that of training all layers, there",
    "nominal_loss": "largest share of its reward on pretraining's robots that an accepted one lost",
    "accepted_but_worse": "accepted candidates that earn less on their twin, through its wire",
    "in_range_refused": "share of twins from the range of pretraining whose candidate was refused",
    "log_to_verdict_seconds": "from the log to the verdict, in the median",
    "adapt_reward_": "reward per step through the wire by the twin's own truth, beside unadapted",
}
"""What the figures mean, by the beginning of their names."""


def run(_: Path, short: bool) -> list[Row]:
    """Measure each twin that is not measured yet, and sum up all of them."""
    bundle = Bundle.load(find_bundle(ROBOT))
    config, cases = (SHORT, CASES[:1]) if short else (MeasureConfig(), CASES)
    folder = FOLDER / ("short" if short else "long")
    found = []
    for index, case in enumerate(cases, start=1):
        place = folder / case.name.replace(" ", "-").replace(",", "")
        found.append(measure(case, bundle, config, place))
        print_progress(index, len(cases), found[-1])
        draw(found, folder / "gap.svg")
    return summed(found)


def print_progress(index: int, count: int, found: dict[str, Any]) -> None:
    """Say on the standard error what came of a twin."""
    earned = {
        name: round(float(np.mean(each["reward"])), 3) for name, each in found["wire"].items()
    }
    falls = {name: each["falls"] for name, each in found["wire"].items() if each["falls"]}
    sys.stderr.write(
        f"[{index}/{count}] {found['case']}: {found['verdict']} in {found['seconds']:.0f} s, "
        f"{earned}{f', falls {falls}' if falls else ''}\n"
    )


def summed(found: Sequence[dict[str, Any]]) -> list[Row]:
    """Figures over all twins."""
    beyond = [each for each in found if each["group"] != "inside"]
    inside = [each for each in found if each["group"] == "inside"]
    passed = [each for each in found if accepted(each)]
    gaps = [
        (gain(each, "adapted") if accepted(each) else 0.0) / gain(each, "truth")
        for each in beyond
        if gain(each, "truth") > LEAST
    ]
    heads = [gain(each, "head") / gain(each, "all") for each in beyond if gain(each, "all") > LEAST]
    losses = [1.0 - each["source"]["after"] / each["source"]["before"] for each in passed]
    worse = sum(gain(each, "adapted") < 0.0 for each in passed)
    refused = np.mean([not accepted(each) for each in inside]) if inside else None
    rows = [
        row("closed_gap_median", _median(gaps), f"of the gap, {len(gaps)} twins"),
        row("head_share_of_all", _median(heads), f"of the gain, {len(heads)} twins"),
        row("nominal_loss", max(losses, default=None), f"share of reward, {len(passed)} accepted"),
        row("accepted_but_worse", worse, f"of {len(passed)} accepted"),
        row(
            "in_range_refused", None if refused is None else float(refused), f"{len(inside)} twins"
        ),
        row("log_to_verdict_seconds", _median([each["seconds"] for each in found]), "s"),
    ]
    for each in found:
        wire, name = each["wire"], f"adapt_reward_{each['case'].replace(' ', '_')}"
        after = wire["adapted"] if accepted(each) else wire["unadapted"]
        before = float(np.mean(wire["unadapted"]["reward"]))
        value = float(np.mean(after["reward"]))
        rows.append(row(name, value, each["verdict"], "unadapted", before, value / before))
    return rows


def draw(found: Sequence[dict[str, Any]], path: Path) -> None:
    """A picture of what each twin's policies earn."""
    figure, (axes,) = canvas(8.6, 1.0 + 0.42 * len(found))
    looks = {"unadapted": (BEFORE, "o"), "adapted": (AFTER, "o"), "truth": (INK, "|")}
    for height, each in enumerate(reversed(found)):
        for name, (colour, mark) in looks.items():
            if name in each["wire"]:
                reward = each["wire"][name]["reward"]
                axes.plot(np.mean(reward), height, mark, color=colour, markersize=9)
    labels = [f"{each['case']}: {each['verdict']}" for each in reversed(found)]
    axes.set_yticks(range(len(found)), labels)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.set_xlabel("reward per step through the wire: unadapted, adapted, | told the truth")
    figure.savefig(path)


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
