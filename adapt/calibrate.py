"""`calibrate`: a posterior over a robot's parameters from its logs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.least_squares import STEP, LeastSquares
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import WIDE, Coordinates, Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import errors_of_logs
from ashore.adapt.side_by_side import side_by_side
from ashore.adapt.trajectory import Trajectory, Window
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

FIRST, WIDEST = 0.1, 0.3
"""First guess, and largest, of the steps that the covariance's slopes are taken over."""
ROUGH = 0.006
"""Size of residuals above which a search is worth its time [rad]: then friction sticks at wrong
moments, and Gauss-Newton steps end in the wrong valley."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a calibration is."""

    stage: str
    """`windows`, `whole logs` or `polish`."""
    iteration: int
    """Steps taken in this stage."""
    error: float
    """Median absolute error of the present fit [rad]."""


@dataclass(frozen=True, kw_only=True)
class CalibrationConfig:
    """How a calibration is done."""

    priors: Mapping[str, Prior] = field(default_factory=lambda: WIDE)
    """What is believed before; parameters that are not named stay nominal."""
    window: float = 0.5
    """Length of the windows of the first stage [s]."""
    window_iterations: int = 8
    """Most steps of the first stage; 0 leaves it out."""
    whole_iterations: int = 30
    """Most steps on whole logs; 0 leaves them out, for robots whose replay diverges."""
    generations: int = 6
    """Generations of the search that follows where the fit stays rough; 0 for none."""
    correlation: float = 1.0
    """Time over which errors of a replay are alike [s]."""
    tolerance: float = 1e-3
    """A stage ends after two steps that lower the cost by less than this share."""
    seed: int = 0
    """Seed of the search."""
    residual: bool = True
    """Whether a delta action may be added where an adaptation finds that parameters don't explain
    the log of a fixed base."""
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    """How logs are replayed."""

    def __post_init__(self) -> None:
        """Refuse a calibration that fits nothing."""
        if not self.priors or self.window_iterations + self.whole_iterations < 1:
            raise AdaptError("nothing to fit: give at least one prior and one iteration")


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the logs say of a robot, and how well it then is predicted."""

    posterior: Posterior
    """Distribution over its parameters."""
    nominal_error: dict[str, float]
    """Mean absolute error of each log's whole replay before, by source [rad]."""
    error: dict[str, float]
    """The same at the posterior's mode [rad]."""
    iterations: int
    """Steps taken."""
    seconds: float
    """Time taken [s]."""

    @property
    def untold(self) -> tuple[str, ...]:
        """Parameters that the logs don't tell."""
        return tuple(n for n in self.posterior.names if not self.posterior.told(n))


def calibrate(
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    config: CalibrationConfig | None = None,
    progress: Callable[[Progress], None] | None = None,
    start: Posterior | None = None,
) -> Calibration:
    """Fit a robot's parameters to logs with a measured state.

    First on short windows, each restarted from the log, which cannot diverge; then on whole logs,
    where slow errors add up and show; from `start` on, if one is given. The same logs and config
    give the same posterior, bit for bit, on any number of threads.

    Raises:
        AdaptError: there is no log, or a prior names an unknown parameter.
    """
    config, began = _having(config or CalibrationConfig()), time.monotonic()
    if not trajectories:
        raise AdaptError("no log to calibrate from; record the robot for some seconds")
    coordinates = _coordinates(spec, trajectories, config)
    z = np.zeros(len(coordinates.mean)) if start is None else coordinates.vector(start.value)
    iterations = 0
    for stage, length, most in (
        ("windows", config.window, config.window_iterations),
        ("whole logs", None, config.whole_iterations),
    ):
        if most > 0:
            windows = [w for t in trajectories for w in t.segments(length)]
            problem = _problem(spec, windows, coordinates, config)
            z, steps = _descend(problem, z, most, config.tolerance, stage, progress)
            iterations += steps
    if config.generations > 0 and problem.scale > ROUGH:
        z = problem.search(z, np.random.default_rng(config.seed), config.generations)
        problem.damping = 0.1
        z, steps = _descend(problem, z, most or 1, config.tolerance, "polish", progress)
        iterations += steps
    covariance = _covariance(problem, z, config.correlation)
    posterior = _with_supply(Posterior.of(coordinates, z, covariance), spec, trajectories, config)
    values = coordinates.values(z[None])
    both = side_by_side([{}, values], nominal_parameters(spec, values))
    nominal_error, error = errors_of_logs(spec, trajectories, both, 2, config.replay)
    return Calibration(
        posterior=posterior,
        nominal_error=nominal_error,
        error=error,
        iterations=iterations,
        seconds=time.monotonic() - began,
    )


def _having(config: CalibrationConfig) -> CalibrationConfig:
    """Replay logs in simulations that have what is fitted."""
    return replace(config, replay=replace(config.replay, having=tuple(config.priors)))


def _coordinates(
    spec: RobotSpec, trajectories: Sequence[Trajectory], config: CalibrationConfig
) -> Coordinates:
    """Lay out what is fitted: not the supply where the logs have measured it."""
    measured = any(t.supply is not None for t in trajectories)
    priors = {n: p for n, p in config.priors.items() if not (measured and n == "supply_voltage")}
    return Coordinates(priors, nominal_parameters(spec, priors), len(spec.joints))


def _with_supply(
    posterior: Posterior,
    spec: RobotSpec,
    trajectories: Sequence[Trajectory],
    config: CalibrationConfig,
) -> Posterior:
    """Add the measured supply, so that robots drawn from the posterior have it."""
    found = [t.supply for t in trajectories if t.supply is not None]
    name = "supply_voltage"
    if not found or name not in config.priors:
        return posterior
    supply = np.median(found, axis=0)
    return posterior.measured(name, supply, config.priors[name], nominal_parameters(spec)[name])


def _problem(
    spec: RobotSpec, windows: list[Window], coordinates: Coordinates, config: CalibrationConfig
) -> LeastSquares:
    return LeastSquares(spec, windows, coordinates, config.correlation, config.replay)


def _descend(
    problem: LeastSquares,
    z: Array,
    most: int,
    tolerance: float,
    stage: str,
    progress: Callable[[Progress], None] | None,
) -> tuple[Array, int]:
    slow = 0
    for iteration in range(1, most + 1):
        z, gain = problem.improve(z)
        if progress is not None:
            progress(Progress(stage=stage, iteration=iteration, error=problem.scale / 1.5))
        slow = slow + 1 if gain < tolerance else 0
        if slow == 2:
            break
    return z, iteration


def _covariance(problem: LeastSquares, z: Array, correlation: float) -> Array:
    """Covariance in prior standard deviations: the wider of two, coordinate by coordinate.

    Slopes are secants over about a posterior standard deviation: a smaller step can meet a sample
    at which a joint just sticks, and would take its jump for knowledge.

    With curvature `H = J'WJ + I` and the score `s_b` of each stretch `b` of the logs, the robust
    one is `H^-1 (sum_b s_b s_b' B / (B - D) + I) H^-1`: it holds if the model is wrong or errors
    are alike within a stretch. The other, `H^-1`, holds if `correlation` is right.

    Source: Liang and Zeger 1986, "Longitudinal data analysis using generalized linear models",
    Biometrika 73, eq. 7, with the prior as one more observation a coordinate.
    """
    size = len(z)
    here = problem.linearize(z, FIRST)
    problem.measure(here.residual)
    width = np.sqrt(np.diag(np.linalg.inv(problem.curvature(here))))
    here = problem.linearize(z, np.clip(width, STEP, WIDEST))
    weight, curvature = problem.weights(here.residual), problem.curvature(here)
    block = problem.blocks(correlation)
    count = int(block.max()) + 1
    scores = np.zeros((count, size))
    np.add.at(scores, block, (weight * here.residual)[:, None] * here.jacobian)
    inflation = count / max(count - size, count / 4.0)
    inverse = np.linalg.inv(curvature)
    robust = inverse @ (scores.T @ scores * inflation + np.eye(size)) @ inverse
    widen = np.sqrt(np.maximum(1.0, np.diag(inverse) / np.diag(robust)))
    wide = robust * np.outer(widen, widen)
    return np.asarray(0.5 * (wide + wide.T))
