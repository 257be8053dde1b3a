"""`refine`: sharpen a belief by simulating robots like it on the log's own plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.gait_window import SECONDS, SETTLED, gait_windows
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """How a belief is refined."""

    robots: int = 128
    """Simulated robots, each of which walks every plan; 0 leaves refinement out."""
    wider: float = 2.0
    """Factor on the belief's deviations, from which they are drawn."""
    least_told: float = 0.85
    """Numbers are refined whose width fell below this share of the prior's."""
    ridge: float = 0.02
    """Weight of the ridge on standardized readings."""
    seed: int = 41_000
    """Seed of the robots."""


def refine(
    bundle: Bundle,
    task: Task,
    estimator: Estimator,
    belief: Belief,
    walks: Sequence[Walk],
    config: RefineConfig,
) -> Belief:
    """Regress true numbers of simulated robots on what the estimator reads of them.

    With numbers `z`, readings `s` and the reading `s*` of the log, `z = a + B s + e` gives
    `a + B s*` with covariance `V = cov(e)` under the proposal `(m0, S0)` that robots were drawn
    from. The proposal is taken out of it and the prior `(m, S)` put in, all normal:

        P = V^-1 - S0^-1 + S^-1,    mean = P^-1 (V^-1 (a + B s*) - S0^-1 m0 + S^-1 m)

    Source: Beaumont, Zhang and Balding, "Approximate Bayesian computation in population genetics",
    Genetics 162 (2002), section on local linear regression; the estimator as summary statistic is
    Fearnhead and Prangle 2012, JRSS B 74, section 2.
    """
    middle, spread = estimator.prior
    chosen = np.flatnonzero(belief.sd < config.least_told * spread)
    usable = [walk for walk in walks if len(walk.seen) >= _least(bundle)]
    if not len(chosen) or not usable or not config.robots:
        return belief
    world = Simulation(bundle.spec, 1)
    wide_sd = np.minimum(config.wider * belief.sd, spread)
    proposal = replace(belief, covariance=np.diag(wide_sd**2))
    units = proposal.units(world, Dice(config.seed, config.robots, purpose="refine"))
    read, alive = _readings(bundle, task, estimator, belief, units, usable, config.seed)
    z = units[alive][:, belief.told[chosen]]
    s, here = read[alive][:, chosen], belief.mean[chosen]
    if len(z) < 3 * len(chosen):
        return belief
    middle_s, scale = s.mean(axis=0), s.std(axis=0) + 1e-9
    x, y = (s - middle_s) / scale, z - z.mean(axis=0)
    gram = x.T @ x + config.ridge * len(x) * np.eye(len(chosen))
    slope = np.linalg.solve(gram, x.T @ y)
    left = y - x @ slope
    freedom = len(x) - np.trace(np.linalg.solve(gram, x.T @ x))
    residual = left.T @ left / freedom
    found = z.mean(axis=0) + ((here - middle_s) / scale) @ slope
    proposed = z.mean(axis=0), np.cov(z.T)
    before = middle[chosen], np.diag(spread[chosen] ** 2)
    return _with(belief, chosen, (found, residual), proposed, before)


def _least(bundle: Bundle) -> int:
    return round((SETTLED + SECONDS) * bundle.spec.rate)


def _readings(
    bundle: Bundle,
    task: Task,
    estimator: Estimator,
    belief: Belief,
    units: Array,
    walks: Sequence[Walk],
    seed: int,
) -> tuple[Array, NDArray[np.bool_]]:
    """What the estimator reads of each robot, over all walks together, and who walked them all."""
    rate, robots = bundle.spec.rate, len(units)
    begin, length = round(SETTLED * rate), round(SECONDS * rate)
    parts, alive = [], np.ones(robots, dtype=np.bool_)
    for index, walk in enumerate(walks):
        ticks = len(walk.seen)
        cast = Cast(
            source=Crowd(ranges=belief.prior.wide, units=units),
            robots=robots,
            ticks=ticks,
            seed=seed + 1 + index,
            plans=walk.plan[None],
        )
        found, _ = watch(bundle, task, cast)
        parts.append(gait_windows(sight(bundle), found.seen[:, begin:], length))
        alive &= found.lived == ticks
    return estimator.read(np.concatenate(parts, axis=1))[0], alive


def _with(
    belief: Belief,
    chosen: NDArray[np.intp],
    found: tuple[Array, Array],
    proposal: tuple[Array, Array],
    prior: tuple[Array, Array],
) -> Belief:
    """The belief with some numbers replaced by what was found, less the proposal, and the prior."""
    inverses = [np.linalg.inv(each[1]) for each in (found, proposal, prior)]
    likelihood = _positive(inverses[0] - inverses[1])
    shift = inverses[0] @ found[0] - inverses[1] @ proposal[0] + inverses[2] @ prior[0]
    covariance = np.linalg.inv(likelihood + inverses[2])
    mean, whole = belief.mean.copy(), belief.covariance.copy()
    mean[chosen] = np.clip(covariance @ shift, 0.0, 1.0)
    whole[np.ix_(chosen, chosen)] = 0.5 * (covariance + covariance.T)
    return replace(belief, mean=mean, covariance=whole)


def _positive(matrix: Array) -> Array:
    """The nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
