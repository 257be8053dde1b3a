"""`Residual`: what is added to a servo's goals where parameters don't explain a log."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import Calibration, CalibrationConfig, Progress, calibrate
from ashore.adapt.held_out import between
from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import RESIDUAL
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import ReplaySet
from ashore.adapt.side_by_side import side_by_side
from ashore.adapt.trajectory import Trajectory, Window
from ashore.envs.physics.delta_action import DELTA_ACTION
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

FOLDS = 4
"""Most folds that a residual is tried on; each costs two fits."""
PROMISING = 0.5
"""Share of the least gain below which, after any fold, the others are not tried."""


@dataclass(frozen=True, kw_only=True)
class ResidualConfig:
    """When a residual is tried, and when it is kept."""

    least_error: float = 0.001
    """Mean absolute error of the calibrated robot below which parameters explain the log [rad]."""
    least_seconds: float = 15.0
    """Shortest log that a residual is fitted to [s]."""
    least_samples: int = 100
    """Fewest measurements of a joint for each of its coefficients."""
    least_gain: float = 0.1
    """Smallest share of the error that it must take away where it was not fitted."""
    window: float = 0.5
    """Length of the windows that are predicted [s]."""
    iterations: int = 12
    """Most steps of a fit, from the calibration on."""


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Whether parameters explain a log, and the calibration that explains it best."""

    calibration: Calibration
    """With the residual if it was kept, or as it was."""
    kept: bool
    """Whether it has a residual."""
    why: str
    """The reason, in a sentence."""
    gain: Interval | None = None
    """Share of the error that the residual took away where it was not fitted; None if it was not
    tried."""
    seconds: float = 0.0
    """Time that it took [s]."""


def fit_residual(
    spec: RobotSpec,
    fitting: Sequence[Trajectory],
    calibration: Calibration,
    fit: CalibrationConfig,
    config: ResidualConfig | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Residual:
    """Add a delta action to a calibration if it predicts what it was not fitted to clearly better.

    What was fitted is cut into folds, each predicted from the others: parameters alone, and
    parameters with a residual, are fitted to their windows in the same way. The residual is kept if
    its error where it was not fitted is smaller by `least_gain` than that of parameters alone, and
    if the 95 % interval of the difference is above 0. Then everything is fitted to the whole.

    Source: Stone, "Cross-validatory choice and assessment of statistical predictions", JRSS B 36
    (1974), section 2, with `FOLDS` folds.

    Args:
        spec: the robot.
        fitting: what the calibration was fitted to; nothing else is looked at.
        calibration: without a residual.
        fit: how it was made.
        config: when a residual is tried, and kept.
        progress: called with each step.
    """
    config, began = config or ResidualConfig(), time.monotonic()
    if why := _too_little(fitting, config):
        return Residual(calibration=calibration, kept=False, why=why)
    start = calibration.posterior
    error = float(_errors(spec, fitting, [start], config.window, fit.replay).mean())
    if error < config.least_error:
        why = f"parameters explain the log to {1e3 * error:.2f} mrad"
        seconds = time.monotonic() - began
        return Residual(calibration=calibration, kept=False, why=why, seconds=seconds)
    alone = _on_windows(fit, config)
    further = replace(alone, priors={**fit.priors, **RESIDUAL})
    found = []
    for seen, unseen in _folds(fitting):
        tried = [calibrate(spec, seen, how, progress, start).posterior for how in (alone, further)]
        found.append(_errors(spec, unseen, tried, config.window, fit.replay))
        before, after = np.concatenate(found, axis=1)
        gain = _share(bootstrap(before - after), float(before.mean()))
        if gain.mean < PROMISING * config.least_gain:
            break
    kept = gain.mean >= config.least_gain and gain.low > 0.0
    if kept:
        calibration = calibrate(spec, fitting, further, progress, start)
    return Residual(
        calibration=calibration,
        kept=kept,
        why=_sentence(kept, gain, float(before.mean())),
        gain=gain,
        seconds=time.monotonic() - began,
    )


def _on_windows(fit: CalibrationConfig, config: ResidualConfig) -> CalibrationConfig:
    """The same fit, to windows alone."""
    return replace(
        fit,
        window=config.window,
        window_iterations=config.iterations,
        whole_iterations=0,
        generations=0,
    )


def _folds(fitting: Sequence[Trajectory]) -> list[tuple[list[Trajectory], list[Trajectory]]]:
    """What is seen and what is not, fold by fold: whole episodes, or the halves of a single one."""
    if len(fitting) == 1:
        (whole,) = fitting
        border = 0.5 * (whole.time[0] + whole.time[-1])
        halves = [
            [between(whole, whole.time[0], border)], [between(whole, border, whole.time[-1])]
        ]
        return [(halves[0], halves[1]), (halves[1], halves[0])]
    count = min(FOLDS, len(fitting))
    return [
        (
            [part for index, part in enumerate(fitting) if index % count != fold],
            list(fitting[fold::count]),
        )
        for fold in range(count)
    ]


def _too_little(fitting: Sequence[Trajectory], config: ResidualConfig) -> str:
    """Why there is not enough data for a residual; empty if there is."""
    seconds = sum(float(part.time[-1] - part.time[0]) for part in fitting)
    samples = int(np.sum([part.fresh.sum(axis=0) for part in fitting], axis=0).min())
    least = config.least_samples * len(DELTA_ACTION)
    if seconds >= config.least_seconds and samples >= least:
        return ""
    return (
        f"{seconds:.1f} s with {samples} measurements of a joint are too few to ask whether "
        f"parameters explain the log; {config.least_seconds:g} s and {least} are needed"
    )


def _sentence(kept: bool, gain: Interval, error: float) -> str:
    said = f"parameters leave {1e3 * error:.1f} mrad, of which a residual takes away "
    said += f"{gain.mean:.0%} [{gain.low:.0%}, {gain.high:.0%}] where it was not fitted"
    return f"{said}: it is {'kept' if kept else 'left out'}"


def _share(gain: Interval, whole: float) -> Interval:
    return Interval(low=gain.low / whole, mean=gain.mean / whole, high=gain.high / whole)


def _errors(
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    posteriors: Sequence[Posterior],
    length: float,
    config: ReplayConfig,
) -> Array:
    """Mean absolute error of each posterior's most likely robot and window, `(P, W)` [rad]."""
    names = sorted({name for posterior in posteriors for name in posterior.names})
    parameters = nominal_parameters(spec, names)
    values = side_by_side([posterior.robot(parameters) for posterior in posteriors], parameters)
    windows: list[Window] = [w for each in trajectories for w in each.segments(length)]
    replay = ReplaySet(spec, windows, len(posteriors), replace(config, having=tuple(names)))
    return replay.errors(values)
