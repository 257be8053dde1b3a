"""`adapt`: from a pretrained bundle and a log to a judged candidate."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

from ashore.adapt.calibrate import Calibration, CalibrationConfig, Progress, calibrate
from ashore.adapt.diagnosis import Diagnosis, diagnose, usable
from ashore.adapt.errors import AdaptError
from ashore.adapt.evidence import OpenLoop, open_loop
from ashore.adapt.finetune import FinetuneConfig, Finetuner, Tuned
from ashore.adapt.gate import Gate, GateConfig
from ashore.adapt.measured import measured_episodes
from ashore.adapt.trajectory import Trajectory
from ashore.adapt.verdict import Answer, Verdict
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import nominal_parameters
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log, check
from ashore.hardware.run.robot_match import require_log
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.provenance import provenance

HELD_OUT = 1.0 / 3.0
"""Share of the log that calibration never sees."""


@dataclass(frozen=True, kw_only=True)
class AdaptConfig:
    """How each stage is done."""

    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)
    """How the simulator is fitted to the log."""
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)
    """How the final layers are trained."""
    gate: GateConfig = field(default_factory=GateConfig)
    """What counts as evidence."""


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
    calibration: Calibration | None = None
    """The fitted simulator; None if the log was not usable."""
    diagnosis: Diagnosis | None = None
    """What differs on this robot."""
    evidence: OpenLoop | None = None
    """Held-out prediction of both simulators."""
    tuned: Tuned | None = None
    """The ladder of fine-tuning."""


Stage = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done, 0..1."""


def require_adaptable(spec: RobotSpec) -> None:
    """Check that a robot's simulator can be fitted to what its log holds.

    Raises:
        AdaptError: its base is free, and where that is no sensor tells.
    """
    if spec.imu is not None:
        raise AdaptError(
            f"robot {spec.name} moves on a free base, and where that is no sensor tells, so its "
            "simulator cannot be fitted to a log in this release; `ashore record` drives and logs "
            "it, and a robot whose base stands fast can be adapted"
        )


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
    require_adaptable(bundle.spec)
    task = make_task(bundle.contract.task, bundle.spec)
    stage("reading the log", 0.0)
    parts = [part for log in logs for part in _episodes(log, bundle, task)]
    seconds = sum(float(part.time[-1] - part.time[0]) for part in parts)
    names = tuple(log.path.name for log in logs)
    why = usable(parts)
    if why is not None:
        verdict = Verdict(answer=Answer.INSUFFICIENT_DATA, why=(why,))
        judged = _judged(bundle, verdict, config, names)
        return Adaptation(bundle=judged, verdict=verdict, logs=names, seconds=seconds)
    fitting, held_out = split(parts)
    calibration = calibrate(bundle.spec, fitting, config.calibration, counter(stage))
    posterior = calibration.posterior
    randomization = Randomization.from_json(bundle.randomization)
    parameters = nominal_parameters(bundle.spec, randomization.names)
    trained = randomization.ends({name: p.value for name, p in parameters.items()})
    diagnosis = diagnose(posterior, parameters, trained, bundle.spec.names)
    stage("comparing with the held-out episodes", 0.0)
    evidence = open_loop(bundle.spec, held_out, posterior.value, config.gate.window)
    tuner = Finetuner(bundle, task, posterior, randomization, config.finetune)
    tuned = tuner.run(lambda rung, done: stage(f"fine-tuning: {rung}", done))
    stage("judging", 0.0)
    gate = Gate(bundle, task, posterior, randomization, config.gate)
    verdict = gate.judge(tuned.best.actor, evidence)
    if verdict.answer is Answer.IMPROVED:
        control = tuner.control(tuned.best, lambda rung, done: stage(f"control: {rung}", done))
        verdict = gate.confirm(verdict, tuned.best.actor, control)
    judged = replace(
        _judged(bundle, verdict, config, names),
        actor=tuned.best.actor,
        posterior=posterior.to_json(),
    )
    return Adaptation(
        bundle=judged,
        verdict=verdict,
        logs=names,
        seconds=seconds,
        calibration=calibration,
        diagnosis=diagnosis,
        evidence=evidence,
        tuned=tuned,
    )


def split(parts: Sequence[Trajectory]) -> tuple[list[Trajectory], list[Trajectory]]:
    """Keep whole episodes back, each with its own commands; of few episodes, their last third."""
    if len(parts) >= 3:
        kept = round(len(parts) * (1.0 - HELD_OUT))
        return list(parts[:kept]), list(parts[kept:])
    fitting, held_out = [], []
    for part in parts:
        border = part.time[0] + (1.0 - HELD_OUT) * (part.time[-1] - part.time[0])
        fitting.append(between(part, part.time[0], border))
        held_out.append(between(part, border, part.time[-1]))
    return fitting, held_out


def between(trajectory: Trajectory, begin: float, end: float) -> Trajectory:
    """Samples from `begin` to `end` [s]; all goals stay, since older ones are still in force."""
    rows = (trajectory.time >= begin) & (trajectory.time <= end)
    voltage = None if trajectory.voltage is None else trajectory.voltage[rows]
    return replace(
        trajectory,
        time=trajectory.time[rows],
        position=trajectory.position[rows],
        voltage=voltage,
        torque_enabled=trajectory.torque_enabled[rows],
        fresh=trajectory.fresh[rows],
    )


def _episodes(log: Log, bundle: Bundle, task: Task) -> list[Trajectory]:
    require_log(log.header, bundle.spec, bundle.contract.hash)
    check(log)
    whole = Trajectory.from_log(log, bundle.spec)
    origin = log.readings.time[0]
    return [
        replace(
            between(whole, episode.begin - origin, episode.end - origin),
            label=f"episode {index}",
            source=f"{log.path.stem}, episode {index}",
        )
        for index, episode in enumerate(measured_episodes(log, task))
    ]


def counter(stage: Stage) -> Callable[[Progress], None]:
    """Turn steps of the fit into a stage's share: it ends when it no longer improves."""

    def show(progress: Progress) -> None:
        text = f"calibrating on {progress.stage}, error {1e3 * progress.error:.1f} mrad"
        stage(text, 1.0 - 0.8**progress.iteration)

    return show


def _judged(bundle: Bundle, verdict: Verdict, config: AdaptConfig, logs: Sequence[str]) -> Bundle:
    facts = provenance(
        {**bundle.provenance["config"], "adapt": asdict(config)}, {"logs": list(logs)}
    )
    return replace(
        bundle,
        verdict=verdict.to_dict(),
        provenance=facts,
        lineage=(*bundle.lineage, bundle.digest),
        attachments={},
    )
