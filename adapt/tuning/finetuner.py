"""`Finetuner`: train a policy's final layers in simulators drawn from a posterior."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.blend import blend
from ashore.adapt.tuning.choice import conclude, why
from ashore.adapt.tuning.climb import Ascent, Climb
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.trial import Round, Stage, Trial, Tuned
from ashore.adapt.tuning.tuning_checkpoint import TuningCheckpoint
from ashore.adapt.tuning.tuning_run import TuningRun
from ashore.adapt.tuning.validation import Validation
from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

Report = Callable[[str, float], None]
"""Called with the rung, its round and the reward so far, and the share of the rung that is done."""


class Finetuner:
    """Climbs the ladder of rungs, each from the best weights so far, while validation improves.

    A rung is trained in rounds. After each, validation looks at it; it ends at its plateau, where
    `patience` rounds brought less than `least_gain`, and its best round is kept. Of the weights
    between those and the pretrained ones, the nearest to them is chosen that forgets no more than
    is allowed. Then the next rung begins from there with the steps that are left, until there are
    none, or until one brings nothing after others have: each unfreezes more than the one before
    (gradual unfreezing).

    Source: Howard and Ruder, "Universal language model fine-tuning for text classification", ACL
    2018, sections 3.2 and 3.3.
    """

    def __init__(
        self,
        bundle: Bundle,
        task: Task,
        target: Source,
        source: Source,
        config: FinetuneConfig | None = None,
        wide: bool = False,
    ) -> None:
        """Tune `bundle` for robots from `target`, remembering those from `source`.

        Args:
            bundle: the pretrained policy.
            task: what it does.
            target: robots like the log's.
            source: robots of pretraining's ranges.
            config: how.
            wide: whether the log has left open much of what robot this is, so that more of it could
                help where tuning doesn't.
        """
        settings = config or FinetuneConfig()
        self.work = Assignment(
            bundle=bundle, task=task, target=target, source=source, config=settings
        )
        self.validation, self.wide = Validation(self.work), wide

    def run(self, report: Report | None = None, resume: Path | None = None) -> Tuned:
        """Tune and choose on validation robots.

        Args:
            report: told of progress.
            resume: folder to keep the state in after each round, and to go on from; None for none.

        Raises:
            AdaptError: the folder holds a tuning with other settings, or cannot be written.
            TrainingError: a loss is not finite.
        """
        torch.set_num_threads(1)
        kept = None if resume is None else TuningCheckpoint(resume, self.work)
        climb = (kept and kept.load()) or self._begin()
        while not climb.over and climb.depth < len(self.work.config.rungs):
            climb.ascent = climb.ascent or self._step_on(climb)
            if climb.ascent is None:
                break
            self._climb(climb, kept, report or _quiet)
            conclude(climb, self.validation)
            if kept:
                kept.save(climb)
        return Tuned(
            best=climb.candidate,
            trials=tuple(climb.trials),
            rounds=tuple(climb.rounds),
            steps=climb.spent * self.work.per_update,
            why=why(climb, self.work.config.least_gain, self.wide),
        )

    def control(self, trial: Trial, report: Report | None = None) -> Weights:
        """Tune just as `trial` was tuned, but on the pretraining ranges: what the log did not do.

        A candidate that gains no more than this one gains from training longer, not from the log.
        """
        torch.set_num_threads(1)
        work, tell = self.work.without_log, report or _quiet
        actor, critic = work.bundle.actor, work.bundle.critic
        for stage in trial.way:
            run = TuningRun(work, stage, actor, critic)
            run.warm_up()
            run.begin()
            run.advance(stage.end(stage.rounds) - run.updates, partial(tell, stage.rung))
            actor, critic = blend(work.bundle.actor, run.actor, stage.weight), run.critic
        return actor

    def _begin(self) -> Climb:
        before = self.validation.trial("none", 0.0, self.work.bundle.actor)
        return Climb(trials=[before], critic=self.work.bundle.critic)

    def _step_on(self, climb: Climb) -> Ascent | None:
        """Begin the next rung, if there are steps left for it."""
        config, updates = self.work.config, self.work.updates - climb.spent
        warmup = config.warmup if self.work.bundle.critic else config.fresh_warmup
        warmup = 0 if climb.depth else min(warmup, updates // 2)
        if updates <= warmup:
            return None
        length = self.work.updates / config.rounds
        stage = Stage(
            rung=config.rungs[climb.depth],
            updates=updates,
            warmup=warmup,
            most=max(1, min(round((updates - warmup) / length), updates - warmup)),
        )
        best = climb.candidate
        return Ascent(stage=stage, mark=best.target, actor=best.actor, critic=climb.critic)

    def _climb(self, climb: Climb, kept: TuningCheckpoint | None, tell: Report) -> None:
        """Train a rung, from its beginning or from where it was kept, to its plateau."""
        config, ascent = self.work.config, climb.ascent
        if ascent is None or ascent.over(config.patience):
            return
        run = TuningRun(self.work, ascent.stage, climb.candidate.actor, climb.critic)
        if not ascent.done:
            run.warm_up()
        run.begin()
        if ascent.done and kept:
            kept.restore(climb, run)
        while not ascent.over(config.patience):
            run.advance(ascent.stage.end(ascent.done + 1) - run.updates, partial(tell, str(ascent)))
            reward = self.validation.target(run.actor)
            ascent.note(reward, run.actor, run.critic, config.least_gain)
            steps = (climb.spent + run.updates) * self.work.per_update
            climb.rounds.append(Round(rung=ascent.stage.rung, steps=steps, reward=reward))
            if kept:
                kept.save(climb, run)


def _quiet(text: str, done: float) -> None:
    """Say nothing."""
