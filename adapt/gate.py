"""`Gate`: refuses every candidate that held-out evidence does not support."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.episode_draw import draw_episodes
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.examine import examine, forgotten
from ashore.adapt.interval import LEVEL, Interval, bootstrap
from ashore.adapt.verdict import Answer, Verdict
from ashore.envs.evaluate import Course
from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

Array = NDArray[np.float64]

FEWEST = 8
"""Fewest episodes of a kind that a mean of it is taken over."""


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """What counts as evidence."""

    least_gain: float = 0.01
    """Smallest gain in reward per step, at the interval's lower end, worth a change."""
    least_fit: float = 0.1
    """Smallest share by which calibration must lower the held-out prediction error."""
    nominal_loss: float = 0.03
    """Largest share of its reward on the pretraining ranges that a candidate may lose."""
    earlier_loss: float = 0.02
    """Largest share of its reward on the robots of each earlier log that it may lose."""
    slice_loss: float = 0.01
    """Largest loss of reward per step in any kind of episode."""
    declared: tuple[str, ...] = ()
    """Kinds of episode that matter, by the task's names: no gain elsewhere makes up for a loss in
    one of them."""
    declared_loss: float = 0.03
    """Loss of reward per step in a declared kind that must be ruled out."""
    declared_robots: int = 48
    """Fewest paired episodes of each declared kind; what the task draws too rarely is added."""
    window: float = 0.5
    """Length of the replayed windows [s]."""
    robots: int = 256
    """Paired episodes of each comparison. Of a robot there are up to five such sets of episodes:
    two policies on its posterior, two on the pretraining ranges, and the control."""
    seconds: float | None = None
    """How much of each episode is driven [s]; None for the whole. Half as long episodes of twice as
    many robots cost the same, and tell more."""
    seed: int = 90_000
    """Seed of the gate's own robots, which nothing was trained or chosen on."""


class Gate:
    """Judges a candidate against the pretrained policy, in the open and in the closed loop.

    Many kinds of episode are looked at, and by chance alone one of twenty would seem to lose. So
    the intervals of `m` kinds are each at the level `1 - 0.05 / m`: with 95 % probability all of
    them hold what they are of. The declared kinds are one such family, and the others another, so
    that what nobody asked about does not blur what was asked. That every declared kind must also
    be *shown* to keep its reward needs no such care: a claim about all of them is as sure as the
    least sure of its parts.

    Source: Dunn, "Multiple comparisons among means", JASA 56 (1961), 52 (Bonferroni intervals);
    Berger, "Multiparameter hypothesis testing", Technometrics 24 (1982), 295 (intersection-union).
    """

    def __init__(
        self,
        bundle: Bundle,
        task: Task,
        target: Source,
        source: Source,
        config: GateConfig | None = None,
        earlier: Sequence[Source] = (),
    ) -> None:
        """Judge candidates for `bundle` on robots from `target`, and what they lose elsewhere.

        Args:
            bundle: what the candidates are to replace.
            task: its task.
            target: robots like the one of the log.
            source: robots of pretraining.
            config: what counts as evidence.
            earlier: robots like those of earlier logs that taught the bundle.

        Raises:
            AdaptError: a declared kind of episode does not exist, or is too rare.
        """
        self.bundle, self.task = bundle, task
        self.target, self.source, self.earlier = target, source, earlier
        self.config = config or GateConfig()
        asked, each = self.config.declared, self.config.declared_robots
        self.draw = draw_episodes(task, self.config.robots, asked, each, self.config.seed)
        self._judged: tuple[Weights, Array] | None = None

    def judge(self, candidate: Weights, evidence: OpenLoop) -> Verdict:
        """Weigh held-out prediction, paired episodes, every slice, and what was forgotten."""
        plans, natural = self.draw.plans, self.draw.natural
        before, after = (self._on(self.target, w, plans) for w in (self.bundle.actor, candidate))
        self._judged = candidate, after[:natural]
        pretrained, tuned = (
            self._on(self.source, w, plans[:natural]) for w in (self.bundle.actor, candidate)
        )
        closed = bootstrap((after - before)[:natural])
        slices = self._slices(after - before)
        lost = forgotten(float(pretrained.mean()), float(tuned.mean()))
        answer, why = self._decide(evidence, closed, slices, lost)
        if answer is Answer.IMPROVED and (text := self._earlier_lose(candidate)):
            answer, why = Answer.REGRESSED, (text, *why)
        return Verdict(
            answer=answer,
            why=why,
            open_loop=evidence.gain,
            open_loop_nominal=float(evidence.nominal.mean()),
            closed_loop=closed,
            closed_loop_before=float(before[:natural].mean()),
            source=bootstrap(tuned - pretrained),
            slices=slices,
            declared=tuple(self.draw.declared),
        )

    def _earlier_lose(self, candidate: Weights) -> str:
        """Say on which earlier log's robots too much is lost."""
        plans = self.draw.plans[: self.draw.natural]
        for number, robots in enumerate(self.earlier, start=1):
            before, after = (
                float(self._on(robots, w, plans).mean()) for w in (self.bundle.actor, candidate)
            )
            if (lost := forgotten(before, after)) > self.config.earlier_loss:
                return f"the candidate loses {lost:.1%} on robots like that of earlier log {number}"
        return ""

    def confirm(self, verdict: Verdict, candidate: Weights, control: Weights) -> Verdict:
        """Keep `IMPROVED` only if the candidate beats the same tuning done without the log."""
        plans = self.draw.plans[: self.draw.natural]
        if self._judged is None or self._judged[0] is not candidate:
            self._judged = candidate, self._on(self.target, candidate, plans)
        gain = bootstrap(self._judged[1] - self._on(self.target, control, plans))
        text = f"against the same tuning without the log, reward per step changes by {gain}"
        if gain.low >= self.config.least_gain:
            return replace(verdict, control=gain, why=(*verdict.why, text))
        why = (
            f"the same tuning without the log gains as much ({gain} apart): "
            "train the pretrained policy for longer instead",
            *verdict.why,
        )
        return replace(verdict, answer=Answer.NO_IMPROVEMENT, control=gain, why=why)

    def _on(self, source: Source, weights: Weights, plans: Array) -> Array:
        """Mean reward per step of an episode for each plan, on robots that seeds pair, `(n,)`."""
        course = Course(
            spec=self.bundle.spec,
            task=self.task,
            source=source,
            robots=len(plans),
            seed=self.config.seed,
            plans=plans,
            seconds=self.config.seconds,
        )
        return examine(self.bundle, weights, course).reward

    def _slices(self, difference: Array) -> dict[str, Interval]:
        """Differences by kind of episode, each family's intervals simultaneous; declared first."""
        natural = self.draw.natural
        found = {
            name: np.flatnonzero(mask)
            for name, mask in self.task.slices(self.draw.plans[:natural]).items()
            if name not in self.draw.declared and mask.sum() >= FEWEST
        }
        return {
            name: bootstrap(difference[rows], level=1.0 - (1.0 - LEVEL) / len(family))
            for family in (self.draw.declared, found)
            for name, rows in family.items()
        }

    def _decide(
        self,
        evidence: OpenLoop,
        closed: Interval,
        slices: Mapping[str, Interval],
        lost: float,
    ) -> tuple[Answer, tuple[str, ...]]:
        config = self.config
        said = [_say_open(evidence), f"reward per step changes by {closed} on paired robots"]
        if closed.high < -config.least_gain:
            return Answer.REGRESSED, (f"the candidate is worse: {closed}", *said)
        if text := self._slice_loses(closed, slices):
            return Answer.REGRESSED, (text, *said)
        if lost > config.nominal_loss:
            text = f"the candidate loses {lost:.1%} of its reward on nominal robots"
            return Answer.REGRESSED, (text, *said)
        fit = evidence.gain.low / float(evidence.nominal.mean())
        if fit < config.least_fit:
            text = (
                "the held-out log is predicted as well by the nominal simulator: "
                "this robot is not shown to differ from those of pretraining"
            )
            return Answer.NO_IMPROVEMENT, (text, *said)
        if closed.low < config.least_gain:
            text = f"the gain is not shown to reach {config.least_gain:g} reward per step: {closed}"
            return Answer.NO_IMPROVEMENT, (text, *said)
        if text := self._slice_doubtful(slices):
            return Answer.NO_IMPROVEMENT, (text, *said)
        text = f"reward per step rises by {closed} on paired robots, and no kind of episode loses"
        return Answer.IMPROVED, (text, said[0])

    def _slice_loses(self, closed: Interval, slices: Mapping[str, Interval]) -> str:
        """Say which kinds of episode lose; a declared one does whatever the mean does."""
        config = self.config
        worse = [name for name, found in slices.items() if found.high < -config.slice_loss]
        if asked := [name for name in worse if name in config.declared]:
            each = ", ".join(f"{name} by {slices[name]}" for name in asked)
            return f"declared to matter, and reward per step changes in episodes of kind {each}"
        if worse and closed.low > config.least_gain:
            return f"the mean gains, but episodes of kind {', '.join(worse)} lose"
        return ""

    def _slice_doubtful(self, slices: Mapping[str, Interval]) -> str:
        """Say which declared kind of episode could have lost more than is allowed."""
        for name in self.config.declared:
            if slices[name].low < -self.config.declared_loss:
                return (
                    f"episodes of kind {name}, declared to matter, are not shown to keep their "
                    f"reward per step: {slices[name]}, and a loss of "
                    f"{self.config.declared_loss:g} must be ruled out"
                )
        return ""


def _say_open(evidence: OpenLoop) -> str:
    nominal = float(evidence.nominal.mean()) * 1e3
    calibrated = float(evidence.calibrated.mean()) * 1e3
    return (
        f"the held-out log is predicted to {calibrated:.1f} mrad by the calibrated simulator "
        f"and to {nominal:.1f} mrad by the nominal one"
    )
