"""`Validation`: what weights earn on robots that nothing is trained on, cheaply."""

from ashore.adapt.examine import examine, forgotten
from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.trial import Trial
from ashore.envs.evaluate import Course
from ashore.envs.randomize.randomization import Source
from ashore.policies.policy import Weights

VALIDATION_SEED = 7_000
"""Seed of the robots and commands that trials are compared on."""

PENALTY = 10.0
"""Reward per step that forgetting all beyond the allowance would cost a trial."""


class Validation:
    """Mean reward per step over the first seconds of an episode, on paired robots.

    Every trial meets the same robots, commands and noise, so that differences are much surer than
    the rewards themselves; none of these robots is trained on, or seen by the gate.
    """

    def __init__(self, work: Assignment) -> None:
        """Take the robots of an assignment."""
        self.work = work

    def target(self, actor: Weights) -> float:
        """Reward on robots like the log's."""
        return self._reward(actor, self.work.target)

    def source(self, actor: Weights) -> float:
        """Reward on robots of pretraining's ranges."""
        return self._reward(actor, self.work.source)

    def trial(self, rung: str, weight: float, actor: Weights, target: float | None = None) -> Trial:
        """Try weights on both; `target` is their reward on the log's robots, where it is known."""
        return Trial(
            rung=rung,
            weight=weight,
            target=self.target(actor) if target is None else target,
            source=self.source(actor),
            actor=actor,
        )

    def score(self, trial: Trial, before: Trial) -> float:
        """Reward on the log's robots, less what is forgotten beyond the allowance, heavily."""
        beyond = forgotten(before.source, trial.source) - self.work.config.nominal_loss
        return trial.target - PENALTY * max(0.0, beyond)

    def _reward(self, actor: Weights, source: Source) -> float:
        work = self.work
        course = Course(
            spec=work.bundle.spec,
            task=work.task,
            source=source,
            robots=work.config.validation_robots,
            seed=VALIDATION_SEED,
            seconds=work.config.validation_seconds,
        )
        return float(examine(work.bundle, actor, course).reward.mean())
