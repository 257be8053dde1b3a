"""What is compared on each hidden twin: policies, and how each of them comes to be."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.finetuner import Finetuner
from ashore.adapt.tuning.log_only import stretches, tune_on_log
from ashore.adapt.tuning.trial import Stage
from ashore.adapt.tuning.tuning_run import TuningRun
from ashore.envs.randomize.randomization import Source
from ashore.launch.bench.adapt.cases import ROBOT
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.wire import recorded
from ashore.launch.bench.adapt.work import LOG_SEED, Work
from ashore.launch.request import TrainingRequest
from ashore.launch.training import plan, teach
from ashore.policies.bundle import Bundle
from ashore.policies.learners.network import actor_weights, shape_of
from ashore.policies.train import make_ppo

Strategy = Callable[[Work], Bundle | None]
"""Makes a twin's policy; None where there is nothing to compare."""


def policy_of(work: Work, name: str) -> Bundle | None:
    """The policy that a strategy makes for a twin; made once, and kept."""
    if name in GIVEN:
        return GIVEN[name](work)
    place = work.folder / name
    log = None if name in TOLD else [work.adapted.posterior, work.config.adapt.walking.likely]
    limit, twin = work.config.without_limit, work.physics
    asked = [name, work.bundle.digest, asdict(_config(work)), limit, log, twin]

    def make() -> bool:
        bundle = MADE[name](work)
        if bundle is not None:
            bundle.save(place)
        return bundle is not None

    return Bundle.load(place) if kept(work.folder / f"{name}.json", asked, make) else None


def unadapted(work: Work) -> Bundle:
    """The pretrained policy as it is."""
    return work.bundle


def encoder(work: Work) -> Bundle | None:
    """Pretrained with an encoder of the past, which reads the robot as it goes (RMA)."""
    return work.rival


def log_only(work: Work) -> Bundle | None:
    """The same, its encoder's final layers tuned to predict its own walk on the twin."""
    if work.rival is None:
        return None
    options, path = work.case.options(work.folder), work.folder / "rival.mcap"
    log = recorded(work.rival, options, LOG_SEED, work.config.episodes, path)
    found = tune_on_log(work.rival, stretches(log, work.task))
    return replace(work.rival, actor=found.actor)


def adapted(work: Work) -> Bundle | None:
    """What `ashore adapt` made, whether or not the gate let it pass."""
    return work.adapted if work.facts["trained"] else None


def calibrated(work: Work) -> Bundle | None:
    """What the log mends in the spec, with the pretrained weights."""
    mended = work.adapted.spec
    return replace(work.bundle, robot=mended) if mended != work.bundle.spec else None


def truth(work: Work) -> Bundle | None:
    """The same tuning with the twin's own parameters told."""
    return None if work.case.group == "inside" else _tuned(work, work.told, _config(work))


def rung(name: str) -> Strategy:
    """What tuning one rung alone makes, of the log's robots and with all the steps."""

    def alone(work: Work) -> Bundle | None:
        fits = work.fitted if work.facts["trained"] else None
        config = replace(_config(work), rungs=(name,))
        return None if fits is None else _tuned(work, fits, config)

    return alone


def scratch(work: Work) -> Bundle | None:
    """A fresh policy, trained on the log's robots with as many steps as tuning has."""
    fits = work.fitted if work.facts["trained"] else None
    if fits is None:
        return None
    config = replace(
        _config(work), rungs=("all",), anchor=0.0, shrink=1.0, learning_rate=1e-3, spread=0.3
    )
    job = Assignment(
        bundle=work.bundle, task=work.task, target=fits, source=work.source, config=config
    )
    stage = Stage(rung="all", updates=job.updates, warmup=0, most=1)
    run = TuningRun(job, stage, work.bundle.actor, work.bundle.critic)
    shape = shape_of(work.bundle.contract, work.bundle.actor, {}, 0)
    fresh = actor_weights(make_ppo(run.env, shape, job.learning).policy)
    run = TuningRun(replace(job, bundle=replace(work.bundle, actor=fresh)), stage, fresh, {})
    run.begin()
    run.advance(job.updates)
    return replace(work.bundle, actor=run.actor)


def direct(work: Work) -> Bundle | None:
    """All layers tuned on the twin's own parameters, unanchored, for as long as it pays."""
    if work.case.group == "inside":
        return None
    config = replace(
        _config(work),
        rungs=("all",),
        steps=work.config.without_limit,
        anchor=0.0,
        share=0.0,
        nominal_loss=1.0,
    )
    return _tuned(work, work.told, config)


GIVEN: Mapping[str, Strategy] = {
    "unadapted": unadapted,
    "adapted": adapted,
    "encoder": encoder,
    "calibrated": calibrated,
}
"""Strategies that train nothing of their own here."""
MADE: Mapping[str, Strategy] = {
    "truth": truth,
    **{name: rung(name) for name in ("head", "all", "block", "low_rank")},
    "log_only": log_only,
    "scratch": scratch,
    "direct": direct,
}
"""Strategies that train."""
TOLD = ("truth", "direct")
"""Strategies that are told the twin's parameters, whatever its log says."""
CORE = ("unadapted", "adapted", "truth", "head", "all")
"""What the figures with an aim are made of; measured on all twins first."""
MORE = ("encoder", "log_only", "calibrated", "block", "low_rank", "scratch", "direct")
"""What else there is to compare."""


def rival(folder: Path) -> Bundle:
    """Pretrain the robot's policy with an encoder, once; a training that was killed goes on."""
    if (folder / "bundle").exists():
        return Bundle.load(folder / "bundle")
    lesson, config = plan(TrainingRequest(robot=ROBOT, memory="encoder"))
    return teach(lesson, folder, config)


def _config(work: Work) -> FinetuneConfig:
    return work.config.adapt.finetune


def _tuned(work: Work, target: Source, config: FinetuneConfig) -> Bundle:
    tuner = Finetuner(work.bundle, work.task, target, work.source, config)
    return replace(work.bundle, actor=tuner.run().best.actor)
