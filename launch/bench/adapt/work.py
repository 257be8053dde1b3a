"""`Work`: one hidden twin, its log, and what adaptation made of it."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ashore.adapt.adaptation import Adaptation, AdaptConfig, adapt
from ashore.adapt.errors import AdaptError
from ashore.adapt.verdict import Answer
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.estimator import Estimator
from ashore.envs.play.hidden_robot import WornRobot
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Task
from ashore.envs.twin.hidden import draw_hidden
from ashore.hardware.logs.log import Log
from ashore.launch.bench.adapt.cases import Case, physics_of
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.spoiling import beginning
from ashore.launch.bench.adapt.wire import recorded
from ashore.policies.bundle import Bundle

LOG_SEED = 11
"""Seed of the commands of the log."""


@dataclass(frozen=True, kw_only=True)
class WorkConfig:
    """How much is done for each twin."""

    adapt: AdaptConfig
    """How it is adapted to."""
    episodes: int = 3
    """Episodes of 20 s in the log."""
    seconds: float | None = None
    """How much of the log is used [s]; None for all."""
    seeds: Sequence[int] = (501, 502, 503, 504)
    """Seeds of the commands that each policy is measured on."""
    without_limit: int = 1_600_000
    """Control steps of tuning directly on the twin."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """One hidden twin, its log, and what adaptation made of it."""

    case: Case
    """The twin."""
    bundle: Bundle
    """The pretrained policy."""
    config: WorkConfig
    """How much is done."""
    folder: Path
    """Where everything is kept."""
    rival: Bundle | None = None
    """A pretrained policy with an encoder, if there is one to compare with."""

    @cached_property
    def task(self) -> Task:
        """What the policy does."""
        return make_task(self.bundle.contract.task, self.bundle.spec)

    @property
    def physics(self) -> Any:
        """What the twin is, as JSON can hold it."""
        return physics_of(self.case.options(self.folder))

    @cached_property
    def log(self) -> Log:
        """The pretrained policy's walk on the twin."""
        options, path = self.case.options(self.folder), self.folder / "record.mcap"
        log = recorded(self.bundle, options, LOG_SEED, self.config.episodes, path)
        return log if self.config.seconds is None else beginning(log, self.config.seconds)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What adaptation said: `verdict`, `why`, `p`, `seconds`, `steps`, `trained`, `source`."""
        config = self.config
        length = [config.episodes, config.seconds]
        asked = [self.bundle.digest, *length, asdict(config.adapt), self.physics]
        found: dict[str, Any] = kept(self.folder / "adapted.json", asked, self._adapt)
        return found

    @cached_property
    def adapted(self) -> Bundle:
        """The judged candidate."""
        _ = self.facts
        return Bundle.load(self.folder / "adapted")

    @property
    def accepted(self) -> bool:
        """Whether the gate let the candidate pass."""
        return bool(self.facts["verdict"] == Answer.IMPROVED.value)

    @cached_property
    def fitted(self) -> Source | None:
        """Robots as the log tells of them, to tune on; None if it was not usable."""
        text = self.adapted.posterior
        share = self.config.adapt.walking.likely
        return None if text is None else Belief.from_json(text).narrowed(share)

    @cached_property
    def told(self) -> Source:
        """The twin's own parameters, which nothing but this measurement is told."""
        return WornRobot(draw_hidden(self.bundle.spec, self.case.hidden))

    @cached_property
    def source(self) -> Source:
        """Robots of pretraining."""
        return Randomization.from_json(self.bundle.randomization)

    def _adapt(self) -> dict[str, Any]:
        log = self.log
        began = time.monotonic()
        found = adapt(self.bundle, [log], self.config.adapt)
        seconds = time.monotonic() - began
        report = replace(found.bundle, attachments=self.bundle.attachments)
        report.save(self.folder / "adapted")
        return _facts(found, seconds)


def estimator_of(bundle: Bundle) -> Estimator:
    """What a bundle's walks are read by.

    Raises:
        AdaptError: it brings none.
    """
    found = Estimator.of(bundle)
    if found is None:
        raise AdaptError(
            f"the bundle of {bundle.spec.name} brings no estimator, so that no walk can be read; "
            "`ashore adapt` teaches it one"
        )
    return found


def _facts(found: Adaptation, seconds: float) -> dict[str, Any]:
    tuned, fitted = found.tuned, found.fitted
    return {
        "verdict": found.verdict.answer.value,
        "why": list(found.verdict.why),
        "p": None if fitted is None or fitted.range is None else fitted.range.p,
        "seconds": seconds,
        "steps": 0 if tuned is None else tuned.steps,
        "trained": tuned is not None and tuned.best is not tuned.trials[0],
        "source": None if tuned is None else [tuned.trials[0].source, tuned.best.source],
        "way": [] if tuned is None else [[s.rung, s.weight] for s in tuned.best.way],
    }
