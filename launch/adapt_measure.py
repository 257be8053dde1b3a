"""One hidden twin of `ashore bench adapt`: a log, an adaptation, and what each policy earns."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ashore.adapt.adaptation import adapt, usual
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.finetuner import Finetuner
from ashore.adapt.verdict import Answer
from ashore.envs.play.hidden_robot import WornRobot
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.tasks import make_task
from ashore.envs.twin.hidden import draw_hidden
from ashore.hardware.logs.log import Log
from ashore.launch.adapt_cases import Case
from ashore.launch.adapt_wire import earn, record
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

LOG_SEED = 11
"""Seed of the commands of the log."""


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """How much is done for each twin."""

    episodes: int = 3
    """Episodes of 20 s in the log."""
    seeds: Sequence[int] = (501, 502, 503)
    """Seeds of the commands that each policy is measured on."""
    steps: int | None = None
    """Control steps of tuning; None for the usual."""
    rungs: Sequence[str] = ("head", "all")
    """Rungs that are measured each for itself, at the same steps."""


def measure(case: Case, bundle: Bundle, config: MeasureConfig, folder: Path) -> dict[str, Any]:
    """Record, adapt, and measure; what came of it is kept in `folder` and not done again."""
    kept = folder / "result.json"
    asked = json.loads(json.dumps(vars(config)))
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if found["asked"] == asked:
            return found
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "record.mcap"
    path.unlink(missing_ok=True)
    log = Log.open(record(bundle, case.options(folder), LOG_SEED, config.episodes, path).log)
    base = usual(bundle.spec)
    tuning = replace(base.finetune, steps=config.steps)
    began = time.monotonic()
    adaptation = adapt(bundle, [log], replace(base, finetune=tuning))
    seconds = time.monotonic() - began
    policies: dict[str, Weights] = {"unadapted": bundle.actor}
    source = {}
    if adaptation.tuned is not None and adaptation.fitted is not None:
        policies["adapted"] = adaptation.tuned.best.actor
        source = {
            "before": adaptation.tuned.trials[0].source,
            "after": adaptation.tuned.best.source,
        }
        told = WornRobot(draw_hidden(bundle.spec, case.hidden))
        policies["truth"] = _tuned(bundle, told, tuning)
        for rung in config.rungs:
            alone = replace(tuning, rungs=(rung,))
            policies[rung] = _tuned(bundle, adaptation.fitted.target, alone)
    found = {
        "asked": asked,
        "case": case.name,
        "group": case.group,
        "verdict": adaptation.verdict.answer.value,
        "why": list(adaptation.verdict.why),
        "p": None
        if adaptation.fitted is None or adaptation.fitted.range is None
        else adaptation.fitted.range.p,
        "seconds": seconds,
        "steps": 0 if adaptation.tuned is None else adaptation.tuned.steps,
        "source": source,
        "wire": _wire(case, bundle, policies, config, folder),
    }
    kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def accepted(found: Mapping[str, Any]) -> bool:
    """Whether the gate let the candidate pass."""
    return bool(found["verdict"] == Answer.IMPROVED.value)


def gain(found: Mapping[str, Any], policy: str) -> float:
    """What a policy earns more than the unadapted one, through the wire; 0 where there is none."""
    wire = found["wire"]
    if policy not in wire:
        return 0.0
    return float(np.mean(wire[policy]["reward"]) - np.mean(wire["unadapted"]["reward"]))


def _tuned(bundle: Bundle, target: Source, config: FinetuneConfig) -> Weights:
    task = make_task(bundle.contract.task, bundle.spec)
    source = Randomization.from_json(bundle.randomization)
    return Finetuner(bundle, task, target, source, config).run().best.actor


def _wire(
    case: Case,
    bundle: Bundle,
    policies: Mapping[str, Weights],
    config: MeasureConfig,
    folder: Path,
) -> dict[str, Any]:
    found = {}
    for name, actor in policies.items():
        place = folder / name
        for old in place.glob("*.mcap"):
            old.unlink()
        runs = earn(replace(bundle, actor=actor), case.options(folder), config.seeds, place)
        found[name] = {
            "reward": [run.reward for run in runs],
            "measured": [run.measured for run in runs],
            "falls": sum(run.fell for run in runs),
        }
    return found
