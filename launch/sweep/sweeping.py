"""`ashore sweep`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ashore.launch.console import aligned, progress_bar, say
from ashore.launch.many_commands import command, require_some, run_many
from ashore.launch.sweep.adapt_trials import AdaptTrials
from ashore.launch.sweep.sweep_page import sweep_page
from ashore.launch.sweep.sweep_table import SettingFound, columns_of, found_of
from ashore.launch.sweep.train_trials import TrainTrials
from ashore.launch.sweep.trial import Figures, Kind, Trial
from ashore.launch.sweep_request import AdaptSweepRequest, SweepPlace, TrainSweepRequest
from ashore.policies.storage.claim import claim
from ashore.policies.storage.whole_file import write_file

ASKED, FILE, PAGE = "asked.json", "sweep.json", "index.html"
TRIALS, SAID, MEASURED = "trials", "output", "measured"
PLACES = ("cluster", "workers", "out")
"""What of a request does not decide what comes out."""


def sweep_trainings(asked: TrainSweepRequest) -> int:
    """Train under all settings and seeds; see `sweep`."""
    return sweep(TrainTrials(asked), asked)


def sweep_adaptations(asked: AdaptSweepRequest) -> int:
    """Adapt under all settings and seeds; see `sweep`."""
    return sweep(AdaptTrials(asked), asked)


def sweep(kind: Kind, asked: SweepPlace) -> int:
    """Run what was not run before, measure it, and write the table and the page.

    Raises:
        TrainingError: no seeds or workers were asked for, there is no cluster as asked for, or OUT
            holds another sweep.
    """
    require_some(asked.seeds, "seeds")
    require_some(asked.workers, "workers")
    out = asked.out.absolute()
    trials = kind.trials(out)
    parts = {key: value for key, value in asdict(asked).items() if key not in PLACES}
    identity = json.dumps(parts, indent=2, default=str).encode()
    claim(out, ASKED, identity, "a sweep that was asked for in another way")
    for name in (TRIALS, SAID, MEASURED):
        (out / name).mkdir(exist_ok=True)
    kind.prepare(out)
    places = {trial.name: out / TRIALS / trial.name for trial in trials}
    errands = [
        command(trial.name, (*trial.words, *kind.place(places[trial.name])), out / SAID)
        for trial in trials
        if not kind.bundle(places[trial.name]).exists()
    ]

    def told(name: str) -> str:
        return "done" if kind.bundle(places[name]).exists() else ""

    failed = run_many(errands, asked.cluster, asked.workers, told)
    ended = [trial for trial in trials if trial.name not in failed]
    figures = _measured(kind, ended, places, out / MEASURED)
    found = found_of(ended, figures)
    curves: dict[str, list[Sequence[tuple[float, float]]]] = {}
    for trial in ended:
        curves.setdefault(trial.title, []).append(kind.curve(kind.bundle(places[trial.name])))
    page = sweep_page(kind.heading, kind.meaning, found, curves, failed)
    write_file(out / PAGE, page.encode())
    table = _told(kind, trials, found, figures, failed)
    write_file(out / FILE, json.dumps(table, indent=2).encode())
    say(text(found))
    say(f"table: {out / FILE}; page: {out / PAGE}")
    return 1 if failed else 0


def _measured(
    kind: Kind, trials: Sequence[Trial], places: Mapping[str, Path], folder: Path
) -> dict[str, Figures]:
    """Figures of each trial, kept once they are known."""
    found: dict[str, Figures] = {}
    with progress_bar() as bar:
        for number, trial in enumerate(trials, start=1):
            path = folder / f"{trial.name}.json"
            if not path.exists():
                figures = kind.figures(kind.bundle(places[trial.name]))
                write_file(path, json.dumps(figures).encode())
            found[trial.name] = json.loads(path.read_text(encoding="utf-8"))
            bar("judging", number / len(trials))
    return found


def text(found: Sequence[SettingFound]) -> str:
    """The table as text."""
    columns = columns_of(found)
    rows = [["setting", *columns]]
    rows += [[each.title, *(each.cell(column) for column in columns)] for each in found]
    return aligned(rows)


def _told(
    kind: Kind,
    trials: Sequence[Trial],
    found: Sequence[SettingFound],
    figures: Mapping[str, Figures],
    failed: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "sweep": kind.heading,
        "settings": [
            {
                "setting": dict(each.setting),
                "means": {column: asdict(mean) for column, mean in each.means.items()},
            }
            for each in found
        ],
        "trials": [
            {
                "name": trial.name,
                "setting": dict(trial.setting),
                "seed": trial.seed,
                "command": ["ashore", *trial.words],
                "figures": figures.get(trial.name),
                "failed": failed.get(trial.name),
            }
            for trial in trials
        ],
    }
