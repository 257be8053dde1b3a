"""`Gate`: refuses every candidate that held-out evidence does not support."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.evidence import OpenLoop
from ashore.adapt.examine import examine, forgotten
from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.verdict import Answer, Verdict
from ashore.envs.evaluate import Outcome
from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """What counts as evidence."""

    least_gain: float = 0.01
    """Smallest gain in reward per step, at the interval's lower end, worth a change."""
    least_fit: float = 0.1
    """Smallest share by which calibration must lower the held-out prediction error."""
    nominal_loss: float = 0.03
    """Largest share of its reward on the pretraining ranges that a candidate may lose."""
    slice_loss: float = 0.01
    """Largest loss of reward per step in any kind of episode."""
    window: float = 0.5
    """Length of the replayed windows [s]."""
    robots: int = 256
    """Paired episodes of each comparison."""
    seed: int = 90_000
    """Seed of the gate's own robots, which nothing was trained or chosen on."""


class Gate:
    """Judges a candidate against the pretrained policy, in the open and in the closed loop."""

    def __init__(
        self,
        bundle: Bundle,
        task: Task,
        target: Source,
        source: Source,
        config: GateConfig | None = None,
    ) -> None:
        """Judge candidates for `bundle` on robots from `target`, and what they lose on `source`."""
        self.bundle, self.task = bundle, task
        self.target, self.source = target, source
        self.config = config or GateConfig()

    def judge(self, candidate: Weights, evidence: OpenLoop) -> Verdict:
        """Weigh held-out prediction, paired episodes, every slice, and what was forgotten."""
        before, after = (self._on(self.target, w) for w in (self.bundle.actor, candidate))
        source = [self._on(self.source, w) for w in (self.bundle.actor, candidate)]
        difference = after.reward - before.reward
        slices = {
            name: bootstrap(difference[mask])
            for name, mask in self.task.slices(before.plan).items()
            if mask.sum() > 1
        }
        closed = bootstrap(difference)
        lost = forgotten(*(float(outcome.reward.mean()) for outcome in source))
        answer, why = self._decide(evidence, closed, slices, lost)
        return Verdict(
            answer=answer,
            why=why,
            open_loop=evidence.gain,
            open_loop_nominal=float(evidence.nominal.mean()),
            closed_loop=closed,
            closed_loop_before=float(before.reward.mean()),
            source=bootstrap(source[1].reward - source[0].reward),
            slices=slices,
        )

    def confirm(self, verdict: Verdict, candidate: Weights, control: Weights) -> Verdict:
        """Keep `IMPROVED` only if the candidate beats the same tuning done without the log."""
        ours, theirs = (self._on(self.target, w).reward for w in (candidate, control))
        gain = bootstrap(ours - theirs)
        text = f"against the same tuning without the log, reward per step changes by {gain}"
        if gain.low >= self.config.least_gain:
            return replace(verdict, control=gain, why=(*verdict.why, text))
        why = (
            f"the same tuning without the log gains as much ({gain} apart): "
            "train the pretrained policy for longer instead",
            *verdict.why,
        )
        return replace(verdict, answer=Answer.NO_IMPROVEMENT, control=gain, why=why)

    def _on(self, source: Source, weights: Weights) -> Outcome:
        config = self.config
        return examine(self.bundle, self.task, weights, source, config.robots, config.seed)

    def _decide(
        self,
        evidence: OpenLoop,
        closed: Interval,
        slices: Mapping[str, Interval],
        lost: float,
    ) -> tuple[Answer, tuple[str, ...]]:
        config = self.config
        said = [_say_open(evidence), f"reward per step changes by {closed} on paired robots"]
        worse = [name for name, found in slices.items() if found.high < -config.slice_loss]
        fit = evidence.gain.low / float(evidence.nominal.mean())
        if closed.high < -config.least_gain:
            return Answer.REGRESSED, (f"the candidate is worse: {closed}", *said)
        if worse and closed.low > config.least_gain:
            text = f"the mean gains, but episodes of kind {', '.join(worse)} lose"
            return Answer.REGRESSED, (text, *said)
        if lost > config.nominal_loss:
            text = f"the candidate loses {lost:.1%} of its reward on nominal robots"
            return Answer.REGRESSED, (text, *said)
        if fit < config.least_fit:
            text = (
                "the held-out log is predicted as well by the nominal simulator: "
                "this robot is not shown to differ from those of pretraining"
            )
            return Answer.NO_IMPROVEMENT, (text, *said)
        if closed.low < config.least_gain:
            text = f"the gain is not shown to reach {config.least_gain:g} reward per step: {closed}"
            return Answer.NO_IMPROVEMENT, (text, *said)
        text = f"reward per step rises by {closed} on paired robots, and no kind of episode loses"
        return Answer.IMPROVED, (text, said[0])


def _say_open(evidence: OpenLoop) -> str:
    nominal = float(evidence.nominal.mean()) * 1e3
    calibrated = float(evidence.calibrated.mean()) * 1e3
    return (
        f"the held-out log is predicted to {calibrated:.1f} mrad by the calibrated simulator "
        f"and to {nominal:.1f} mrad by the nominal one"
    )
