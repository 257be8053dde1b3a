"""`fit_fixed_base`: fit a robot whose whole state its log holds, by replaying the log."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ashore.adapt.calibrate import CalibrationConfig, Progress, calibrate
from ashore.adapt.diagnose.diagnosis import diagnose
from ashore.adapt.evidence import open_loop
from ashore.adapt.fitted import Fitted, Stage
from ashore.adapt.held_out import between, split
from ashore.adapt.measured import measured_episodes
from ashore.adapt.residual import ResidualConfig, fit_residual
from ashore.adapt.trajectory import Trajectory
from ashore.envs.physics.delta_action import DELTA_ACTION
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

    Where parameters don't explain those two thirds, a delta action is fitted with them.
    """
    parts = [part for log in logs for part in episodes(log, bundle, task)]
    seconds = sum(float(part.time[-1] - part.time[0]) for part in parts)
    fitting, held_out = split(parts)
    calibration = calibrate(bundle.spec, fitting, config, counter(stage))
    residual = None
    if config.residual:
        told = counter(stage, "fitting a residual")
        own = ResidualConfig(window=window)
        residual = fit_residual(bundle.spec, fitting, calibration, config, own, told)
        calibration = residual.calibration
    posterior = calibration.posterior
    randomization = Randomization.from_json(bundle.randomization)
    parameters = nominal_parameters(bundle.spec, {*randomization.names, *posterior.names})
    trained = randomization.ends({name: p.value for name, p in parameters.items()})
    # Pretraining knew no robot that parameters don't explain.
    trained = {**dict.fromkeys(DELTA_ACTION, (0.0, 0.0)), **trained}
    stage("comparing with the held-out episodes", 0.0)
    return Fitted(
        target=posterior,
        posterior=posterior.to_json(),
        diagnosis=diagnose(posterior, parameters, trained, bundle.spec.names),
        evidence=open_loop(bundle.spec, held_out, posterior.value, window),
        seconds=seconds,
        calibration=calibration,
        residual=residual,
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


def counter(stage: Stage, what: str = "calibrating") -> Callable[[Progress], None]:
    """Turn steps of the fit into a stage's share: it ends when it no longer improves."""

    def show(progress: Progress) -> None:
        text = f"{what} on {progress.stage}, error {1e3 * progress.error:.1f} mrad"
        stage(text, 1.0 - 0.8**progress.iteration)

    return show
