"""`Gate`: refuses every candidate that held-out evidence does not support."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.examine import examine, forgotten
from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.replay import Replay
from ashore.adapt.trajectory import Trajectory
from ashore.adapt.verdict import Answer, Verdict
from ashore.envs.evaluate import Outcome
from ashore.envs.randomize.randomization import Source
from ashore.envs.simulation import nominal_parameters
from ashore.envs.tasks.task import Task
from ashore.hardware.spec import RobotSpec
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


@dataclass(frozen=True, kw_only=True)
class OpenLoop:
    """How well two simulators predict a held-out log, window by window."""

    nominal: Array
    """Mean absolute error of the nominal simulator, `(W,)` [rad]."""
    calibrated: Array
    """Mean absolute error of the calibrated simulator, `(W,)` [rad]."""
    time: Array
    """When each sample was taken, over the held-out trajectories in a row, `(S,)` [s]."""
    window: NDArray[np.intp]
    """Which window each sample belongs to, `(S,)`."""
    measured: Array
    """Measured angles, `(S, nj)` [rad]."""
    predicted: Array
    """Angles that the nominal and the calibrated simulator predict, `(2, S, nj)` [rad]."""

    @property
    def gain(self) -> Interval:
        """Error that calibration took away [rad]."""
        return bootstrap(self.nominal - self.calibrated)


def open_loop(
    spec: RobotSpec,
    held_out: Sequence[Trajectory],
    calibrated: Mapping[str, Array],
    window: float,
) -> OpenLoop:
    """Replay a held-out log in the nominal and in the calibrated simulator, restarted each window.

    `calibrated` has the calibrated values by name, each `(nj,)` or `(1,)`.
    """
    parameters = nominal_parameters(spec)
    values = {
        name: np.stack([np.full_like(value, parameters[name].value), value])
        for name, value in calibrated.items()
    }
    windows = [w for trajectory in held_out for w in trajectory.segments(window)]
    replay = Replay(spec, windows, 2)
    predicted = replay.predict(values)
    error = np.abs(predicted - replay.measured).mean(axis=2)
    count = np.bincount(replay.window)
    nominal, fitted = (np.bincount(replay.window, e) / count for e in error)
    starts = np.concatenate([[0.0], np.cumsum([w.time[-1] for w in windows])[:-1]])
    return OpenLoop(
        nominal=nominal,
        calibrated=fitted,
        time=replay.time + starts[replay.window],
        window=replay.window,
        measured=replay.measured,
        predicted=predicted,
    )


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
