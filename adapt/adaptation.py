"""`adapt`: from a pretrained bundle and a log to a judged candidate."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from ashore.adapt.calibrate import CalibrationConfig
from ashore.adapt.diagnose.diagnosis import Diagnosis
from ashore.adapt.diagnose.input_shifts import input_shifts
from ashore.adapt.diagnose.usability import inspect_together
from ashore.adapt.errors import AdaptError
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.fitted import Fitted, Stage, Unusable
from ashore.adapt.fixed_base import fit_fixed_base
from ashore.adapt.gate import Gate, GateConfig
from ashore.adapt.lineage import earlier_robots, mixed, with_step
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.finetuner import Finetuner
from ashore.adapt.tuning.log_only import require_encoder, stretches, tune_on_log
from ashore.adapt.tuning.trial import Tuned
from ashore.adapt.verdict import Answer, Verdict
from ashore.adapt.walking.fit import WalkingConfig, fit_walker
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log, check
from ashore.hardware.run.robot_match import require_log
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.provenance import provenance

CROSSED = ("swapped", "inverted", "reading", "imu_turned", "gyro_axes")
"""Input shifts under which a log means something else than it says."""

Strategy = Literal["simulator", "log_only"]


@dataclass(frozen=True, kw_only=True)
class AdaptConfig:
    """How each stage is done."""

    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)
    """How the simulator of a fixed base is fitted to the log."""
    walking: WalkingConfig = field(default_factory=WalkingConfig)
    """How a walker's log is read."""
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)
    """How the final layers are trained."""
    strategy: Strategy = "simulator"
    """Whether final layers are trained in the fitted simulator; or those of an encoder on the log
    alone, of which the simulator is only the judge."""
    gate: GateConfig = field(default_factory=GateConfig)
    """What counts as evidence."""
    resume: Path | None = None
    """Folder that a killed tuning goes on from; None to keep none."""
    trusting: bool = False
    """Whether logs are believed without asking if they are sound: only to show what that does."""


def usual(spec: RobotSpec) -> AdaptConfig:
    """What fits a robot: walkers have long episodes, of which the gate looks at the beginnings.

    A walker that might be one of pretraining's never comes before the gate, which therefore may
    let smaller gains pass.
    """
    if spec.imu is None:
        return AdaptConfig()
    return AdaptConfig(gate=GateConfig(robots=128, seconds=8.0, least_gain=0.005))


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """The judged candidate, and everything that led to the verdict."""

    bundle: Bundle
    """The candidate with its verdict inside."""
    verdict: Verdict
    """The gate's answer."""
    logs: tuple[str, ...]
    """Names of the logs."""
    seconds: float
    """How long a policy was at work in them [s]."""
    fitted: Fitted | None = None
    """The fitted simulator; None if the log was not usable."""
    tuned: Tuned | None = None
    """The ladder of fine-tuning."""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What differs on this robot."""
        return None if self.fitted is None else self.fitted.diagnosis

    @property
    def evidence(self) -> OpenLoop | None:
        """Held-out prediction of both simulators."""
        return None if self.fitted is None else self.fitted.evidence


def adapt(
    bundle: Bundle, logs: Sequence[Log], config: AdaptConfig, stage: Stage = lambda _, __: None
) -> Adaptation:
    """Diagnose, calibrate, fine-tune and judge.

    Raises:
        AdaptError: a log is of another task, or holds no policy at work; or the robot is one
            whose simulator cannot be fitted to its logs.
        ContractError: a log is of another robot, or was recorded by a policy of another contract.
        LogError: a log holds numbers that are not finite.
    """
    if not logs:
        raise AdaptError("no log was given; name those that `ashore record` wrote")
    if config.strategy == "log_only":
        require_encoder(bundle)
    task = make_task(bundle.contract.task, bundle.spec)
    names = tuple(log.path.name for log in logs)
    stage("reading the log", 0.0)
    for log in logs:
        require_log(log.header, bundle.spec, bundle.contract.hash)
        check(log)
    try:
        if not config.trusting:
            _require_sound(bundle.spec, logs, stage)
        fitted = _fit(bundle, task, logs, config, stage)
    except Unusable as refusal:
        verdict = Verdict(answer=Answer.INSUFFICIENT_DATA, why=(str(refusal),))
        judged = _judged(bundle, verdict, config, names)
        return Adaptation(bundle=judged, verdict=verdict, logs=names, seconds=refusal.seconds)
    whole = partial(Adaptation, logs=names, seconds=fitted.seconds, fitted=fitted)
    if fitted.range is not None and not fitted.range.outside:
        verdict = Verdict(answer=Answer.NO_IMPROVEMENT, why=(str(fitted.range),))
        judged = replace(_judged(bundle, verdict, config, names), posterior=fitted.posterior)
        return whole(bundle=judged, verdict=verdict)
    randomization = Randomization.from_json(bundle.randomization)
    earlier = earlier_robots(bundle)
    gate = Gate(bundle, task, fitted.target, randomization, config.gate, earlier)
    tuned: Tuned | None = None
    if config.strategy == "log_only":
        stage("learning to predict the log", 0.0)
        lived = [part for log in logs for part in stretches(log, task)]
        actor = tune_on_log(bundle, lived).actor
        stage("judging", 0.0)
        verdict = gate.judge(actor, fitted.evidence)
    else:
        known = mixed(randomization, earlier)
        vague = fitted.diagnosis.vague
        tuner = Finetuner(bundle, task, fitted.lesson, known, config.finetune, wide=vague)
        tuned, verdict = _tuned(tuner, gate, fitted, config.resume, stage)
        actor = tuned.best.actor
    judged = replace(
        _judged(bundle, verdict, config, names), actor=actor, posterior=fitted.posterior
    )
    return whole(bundle=judged, verdict=verdict, tuned=tuned)


def _tuned(
    tuner: Finetuner, gate: Gate, fitted: Fitted, resume: Path | None, stage: Stage
) -> tuple[Tuned, Verdict]:
    """Climb the ladder and judge the best, also beside the same tuning without the log."""
    tuned = tuner.run(lambda rung, done: stage(f"fine-tuning: {rung}", done), resume)
    stage("judging", 0.0)
    verdict = gate.judge(tuned.best.actor, fitted.evidence)
    if verdict.answer is Answer.IMPROVED:
        control = tuner.control(tuned.best, lambda rung, done: stage(f"control: {rung}", done))
        verdict = gate.confirm(verdict, tuned.best.actor, control)
    return tuned, verdict


def _require_sound(spec: RobotSpec, logs: Sequence[Log], stage: Stage) -> None:
    """Refuse logs that nothing can be learned from, or that came through crossed wires.

    What is wired or mounted otherwise than the spec says is mended there, never trained away.
    """
    stage("asking what the log is worth", 0.0)
    found = inspect_together(logs, spec)
    seconds = sum(each.seconds for each in found)
    if flaws := [f"{each.source}: {flaw}" for each in found for flaw in each.reasons]:
        raise Unusable("; ".join(flaws), seconds)
    crossed = [s for s in input_shifts(logs, spec, encoders=False).shifts if s.kind in CROSSED]
    if crossed:
        raise Unusable(f"{'; '.join(map(str, crossed))}; then record again", seconds)


def _fit(
    bundle: Bundle, task: Task, logs: Sequence[Log], config: AdaptConfig, stage: Stage
) -> Fitted:
    """Fit by replay where the log holds the whole state, else by reading the walk."""
    if bundle.spec.imu is None:
        return fit_fixed_base(bundle, task, logs, config.calibration, config.gate.window, stage)
    return fit_walker(bundle, task, logs, config.walking, stage)


def _judged(bundle: Bundle, verdict: Verdict, config: AdaptConfig, logs: Sequence[str]) -> Bundle:
    done = asdict(replace(config, resume=None))
    facts = provenance({**bundle.provenance["config"], "adapt": done}, {"logs": list(logs)})
    return replace(
        bundle,
        verdict=verdict.to_dict(),
        provenance=facts,
        lineage=(*bundle.lineage, bundle.digest),
        attachments=with_step(bundle),
    )
