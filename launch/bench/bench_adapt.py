"""The benchmark of adaptation: hidden twins, each from a minute of log to a judged policy."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ashore.adapt.adaptation import AdaptConfig, usual
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench import bench_sysid
from ashore.launch.bench.adapt.alarms import alarms
from ashore.launch.bench.adapt.cases import CASES, ROBOT, Case
from ashore.launch.bench.adapt.coverage import coverage
from ashore.launch.bench.adapt.curve import curve
from ashore.launch.bench.adapt.labels import labels
from ashore.launch.bench.adapt.measure import measured
from ashore.launch.bench.adapt.picture import draw
from ashore.launch.bench.adapt.strategies import CORE, MORE, rival
from ashore.launch.bench.adapt.summary import Outcome, summed, table
from ashore.launch.bench.adapt.transfer import transfers
from ashore.launch.bench.adapt.work import Work, WorkConfig
from ashore.launch.bench.figure import Row
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle
from ashore.policies.storage.whole_file import write_file

FOLDER = Path("runs/bench-adapt")
"""Where all that is done is kept: a run that was killed goes on there."""
MEANINGS = {
    "closed_gap_": "gain over the gain of the same tuning with the twin's parameters told, in the "
    "median twin outside the range where the latter is over 0.01; `median` is of what the gate "
    "lets pass, a refused candidate counts as none",
    "head_share_of_all": "gain of training the head alone over that of training all layers, there",
    "nominal_loss": "largest share of its reward on pretraining's robots that an accepted one lost",
    "accepted_but_worse": "accepted candidates that earn less on their twin, through its wire",
    "in_range_refused": "share of twins from the range of pretraining whose candidate was refused",
    "log_to_verdict_seconds": "from the log to the verdict, in the median",
    "adapt_steps_share": "control steps of tuning, as a share of pretraining's, at most",
    "range_alarms_nominal": "share of the nominal twin's logs that are taken for another robot's",
    "coverage_": "share of 80 % intervals that hold the truth, of robots drawn from the prior: "
    "of what a walk tells, as the estimator reads it, and as simulation refines it",
    "gain_from_": "gain on one twin by the length of its log; a refused candidate counts as none",
    "transfer_": "what a wrong log would do if nothing stopped it, and what stops it",
    "probe_accuracy_": "held-out windows that a new head on the frozen trunk names rightly",
    **bench_sysid.MEANINGS,
    "adapt_reward_": "reward per step through the wire by the twin's own truth, beside unadapted",
}
"""What the figures mean, by the beginning of their names."""
SO_FAR = "figures.json"
"""File with the figures that are known so far."""
TAUGHT, VICTIM = "heavy and soft", "weak rear leg"
"""A twin whose log is spoiled, or whose candidate is taken to the other."""


def run(data: Path, short: bool) -> list[Row]:
    """Measure what is not measured yet, and sum all of it up.

    What most figures are made of comes first, on all twins; last, and longest, whatever else there
    is to compare on each.
    """
    bundle = Bundle.load(find_bundle(ROBOT))
    folder = FOLDER / ("short" if short else "long")
    if short:
        outcomes = twins(bundle, brief(bundle.spec), CASES[1:2], folder, CORE[:2])
        return [*summed(outcomes), *bench_sysid.run(data, short)]
    config = whole(bundle.spec)
    outcomes = twins(bundle, config, CASES, folder, CORE[:3])
    works = {each.work.case.name: each.work for each in outcomes}
    besides: list[Row] = []
    for piece in (
        partial(transfers, works[TAUGHT], works[VICTIM], folder / "transfer"),
        partial(curve, bundle, config, folder / "curve"),
        partial(labels, bundle, folder / "labels"),
        partial(coverage, bundle, config.adapt.walking, folder / "coverage"),
        partial(bench_sysid.run, data, short),
        partial(alarms, bundle, folder / "alarms"),
    ):
        _note([*summed(outcomes), *besides], folder)
        besides += piece()
    for names in (CORE, (*CORE, *MORE)):
        _note([*summed(outcomes), *besides], folder)
        outcomes = twins(bundle, config, CASES, folder, names)
    sys.stderr.write(table(outcomes))
    return [*summed(outcomes), *besides]


def _note(rows: Sequence[Row], folder: Path) -> None:
    """Keep what is known so far, for who does not wait."""
    write_file(folder / SO_FAR, json.dumps(rows, indent=2).encode())


def twins(
    bundle: Bundle, config: WorkConfig, cases: Sequence[Case], folder: Path, names: Sequence[str]
) -> list[Outcome]:
    """Measure strategies on hidden twins."""
    other = rival(folder / "rival") if "encoder" in names else None
    outcomes: list[Outcome] = []
    for case in cases:
        place = folder / case.name.replace(" ", "-").replace(",", "")
        work = Work(case=case, bundle=bundle, config=config, folder=place, rival=other)
        outcomes.append(Outcome(work=work, measured=measured(work, names)))
        sys.stderr.write(f"[{len(outcomes)}/{len(cases)}] {outcomes[-1]}\n")
        draw(outcomes, folder / "gap.svg")
    return outcomes


def whole(spec: RobotSpec) -> WorkConfig:
    """What is done for each twin."""
    return WorkConfig(adapt=usual(spec))


def brief(spec: RobotSpec) -> WorkConfig:
    """The same ways in under a minute, and no figure to believe."""
    base = usual(spec)
    walking = replace(
        base.walking,
        range=replace(base.walking.range, robots=59, teachers=8),
        refine=replace(base.walking.refine, robots=0),
    )
    adapt: AdaptConfig = replace(
        base,
        walking=walking,
        finetune=replace(base.finetune, steps=16_000, rungs=("head",)),
        gate=replace(base.gate, robots=16),
    )
    return WorkConfig(adapt=adapt, episodes=1, seeds=(501, 502))
