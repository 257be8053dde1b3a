"""How much is gained from how many seconds of log."""

from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path

from ashore.adapt.verdict import Answer
from ashore.envs.tasks import make_task
from ashore.launch.bench.adapt.cases import CASES
from ashore.launch.bench.adapt.measure import measured
from ashore.launch.bench.adapt.strategies import CORE
from ashore.launch.bench.adapt.summary import Outcome
from ashore.launch.bench.adapt.work import Work, WorkConfig
from ashore.launch.bench.figure import Row, row
from ashore.policies.bundle import Bundle

TWIN = "heavy and soft"
"""The twin that it is measured on."""
SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0)
"""Lengths of the log [s]."""


def curve(bundle: Bundle, config: WorkConfig, folder: Path) -> Iterator[Row]:
    """Adapt to ever longer logs of one twin."""
    case = next(case for case in CASES if case.name == TWIN)
    episode = make_task(bundle.contract.task, bundle.spec).episode
    for seconds in SECONDS:
        episodes = ceil(seconds / episode)
        cut = seconds if seconds < episode else None
        work = Work(
            case=case,
            bundle=bundle,
            config=replace(config, episodes=episodes, seconds=cut),
            folder=folder / f"{seconds:g}s",
        )
        outcome = Outcome(work=work, measured=measured(work, CORE[:2]))
        verdict, why = work.facts["verdict"], work.facts["why"][0]
        unit = f"per step, {verdict}"
        said = why if verdict == Answer.INSUFFICIENT_DATA else str(outcome.gain("adapted"))
        yield row(f"gain_from_{seconds:g}s_of_log", outcome.passed, unit, said)
