"""`summed`: figures over all hidden twins, and a table of what each strategy earned on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ashore.adapt.interval import Interval
from ashore.launch.bench.adapt.measure import Measured
from ashore.launch.bench.adapt.work import Work
from ashore.launch.bench.figure import Row, row

LEAST = 0.01
"""Smallest gain per step of a policy that was told the truth for a gap to be there at all."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What each strategy earned on one twin."""

    work: Work
    """The twin, and what was adapted to it."""
    measured: Mapping[str, Measured]
    """By strategy; those that made no policy are absent."""

    def gain(self, strategy: str) -> Interval:
        """Gain over the unadapted policy; exactly none of a strategy that made no policy."""
        if strategy not in self.measured or strategy == "unadapted":
            return Interval(low=0.0, mean=0.0, high=0.0)
        return self.measured[strategy].gain(self.measured["unadapted"])

    @property
    def passed(self) -> float:
        """Gain of what may be deployed: of the candidate, if the gate let it pass."""
        return self.gain("adapted").mean if self.work.accepted else 0.0

    def __str__(self) -> str:
        facts = self.work.facts
        earned = ", ".join(
            f"{name} {each.reward:.3f}{f' ({each.falls} falls)' if each.falls else ''}"
            for name, each in self.measured.items()
        )
        return f"{self.work.case.name}: {facts['verdict']} in {facts['seconds']:.0f} s; {earned}"


def summed(outcomes: Sequence[Outcome]) -> list[Row]:
    """Figures over all twins."""
    beyond = [each for each in outcomes if each.work.case.group != "inside"]
    inside = [each for each in outcomes if each.work.case.group == "inside"]
    passed = [each for each in outcomes if each.work.accepted]
    open_ = [each for each in beyond if each.gain("truth").mean > LEAST]
    gaps = [each.passed / each.gain("truth").mean for each in open_]
    heads = [
        each.gain("head").mean / each.gain("all").mean
        for each in beyond
        if each.gain("all").mean > LEAST
    ]
    losses = [1.0 - after / before for before, after in (e.work.facts["source"] for e in passed)]
    worse = sum(each.gain("adapted").mean < 0.0 for each in passed)
    refused = [float(not each.work.accepted) for each in inside]
    seconds = [each.work.facts["seconds"] for each in outcomes]
    steps = [
        each.work.facts["steps"] / each.work.bundle.provenance["config"]["steps"]
        for each in outcomes
    ]
    rows = [
        row("closed_gap_median", _median(gaps), f"of the gap, {len(gaps)} twins"),
        row("head_share_of_all", _median(heads), f"of the gain, {len(heads)} twins"),
        row("nominal_loss", max(losses, default=None), f"share of reward, {len(passed)} accepted"),
        row("accepted_but_worse", worse, f"of {len(passed)} accepted"),
        row("in_range_refused", float(np.mean(refused)) if refused else None,
            f"{len(refused)} twins"),
        row("log_to_verdict_seconds", _median(seconds), "s"),
        row("adapt_steps_share", max(steps), "of pretraining's control steps"),
    ]
    rows += _strategies(open_)
    return rows + [_reward(each) for each in outcomes]


def table(outcomes: Sequence[Outcome]) -> str:
    """A line for each twin: what was earned unadapted, then gains with their 95 % intervals."""
    names = dict.fromkeys(name for each in outcomes for name in each.measured)
    lines = []
    for each in outcomes:
        facts, base = each.work.facts, each.measured["unadapted"]
        cells = [f"{each.work.case.name} ({each.work.case.group}): {facts['verdict']}"]
        cells.append(f"unadapted {base.reward:.3f}{_fallen(base)}")
        cells += [
            f"{name} {each.gain(name)}{_fallen(each.measured[name])}"
            for name in names
            if name in each.measured and name != "unadapted"
        ]
        lines.append("; ".join(cells) + "\n")
    return "".join(lines)


def _fallen(measured: Measured) -> str:
    return f", {measured.falls} falls" if measured.falls else ""


def _strategies(outcomes: Sequence[Outcome]) -> list[Row]:
    """How much of the gap each other strategy closes, in the median twin."""
    names = dict.fromkeys(name for each in outcomes for name in each.measured)
    shares = {
        name: [each.gain(name).mean / each.gain("truth").mean for each in outcomes]
        for name in names
        if name not in ("unadapted", "truth")
    }
    return [
        row(f"closed_gap_{name}", _median(share), f"of the gap, {len(share)} twins")
        for name, share in shares.items()
    ]


def _reward(outcome: Outcome) -> Row:
    before = outcome.measured["unadapted"].reward
    value = before + outcome.passed
    name = f"adapt_reward_{outcome.work.case.name.replace(' ', '_').replace(',', '')}"
    return row(name, value, outcome.work.facts["verdict"], "unadapted", before, value / before)


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
