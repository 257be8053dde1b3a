"""`fit_fixed_base`: fit a robot whose whole state its log holds, by replaying the log."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ashore.adapt.calibrate import CalibrationConfig, Progress, calibrate
from ashore.adapt.diagnose.diagnosis import diagnose
from ashore.adapt.diagnose.usability import usable
from ashore.adapt.evidence import open_loop
from ashore.adapt.fitted import Fitted, Stage, Unusable
from ashore.adapt.measured import HELD_OUT, measured_episodes
from ashore.adapt.trajectory import Trajectory
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import nominal_parameters
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log
from ashore.policies.bundle import Bundle


def fit_fixed_base(
    bundle: Bundle,
    task: Task,
    logs: Sequence[Log],
    config: CalibrationConfig,
    window: float,
    stage: Stage,
) -> Fitted:
    """Calibrate on two thirds of the logs and predict the last third, in windows [s].

    Raises:
        Unusable: the logs are too short, too still or too broken.
    """
    parts = [part for log in logs for part in episodes(log, bundle, task)]
    seconds = sum(float(part.time[-1] - part.time[0]) for part in parts)
    why = usable(parts)
    if why is not None:
        raise Unusable(why, seconds)
    fitting, held_out = split(parts)
    calibration = calibrate(bundle.spec, fitting, config, counter(stage))
    posterior = calibration.posterior
    randomization = Randomization.from_json(bundle.randomization)
    parameters = nominal_parameters(bundle.spec, randomization.names)
    trained = randomization.ends({name: p.value for name, p in parameters.items()})
    stage("comparing with the held-out episodes", 0.0)
    return Fitted(
        target=posterior,
        posterior=posterior.to_json(),
        diagnosis=diagnose(posterior, parameters, trained, bundle.spec.names),
        evidence=open_loop(bundle.spec, held_out, posterior.value, window),
        seconds=seconds,
        calibration=calibration,
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


def episodes(log: Log, bundle: Bundle, task: Task) -> list[Trajectory]:
    """Trajectories of a log's episodes."""
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
