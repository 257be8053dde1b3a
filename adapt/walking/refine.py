"""`refine`: sharpen a belief by simulating robots like it on the log's own plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.reaction import reaction
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.conditioning import conditioned
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.gait_window import SECONDS, SETTLED, gait_windows
from ashore.adapt.walking.likelihood import regressed
from ashore.adapt.walking.prior import NOISE
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]

LEAST_ROBOTS = 24
"""Fewest robots that walked to the end, of which anything is regressed."""


@dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """How a belief is refined."""

    robots: int = 128
    """Simulated robots a round, each of which walks every plan; 0 leaves refinement out."""
    rounds: int = 2
    """Rounds; each draws its robots about what the one before it found."""
    wider: float = 2.0
    """Factor on the belief's deviations, from which they are drawn."""
    least_told: float = 0.85
    """Numbers are looked at whose width fell below this share of the prior's."""
    explained: float = 0.4
    """Share of a number's variance among those robots that its regression must foretell, on robots
    that it was not fitted to; what is read of the others stays as it is."""
    ridge: float = 1.0
    """Weight of the ridge on the standardized readings of other numbers than a regression's own."""
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

    With a number `z`, readings `s` and the readings `s*` of the log, `z = a + b s + e` gives
    `f = a + b s*` with variance `v = var(e)` under the proposal `(m0, v0)` that robots were drawn
    from. The proposal is taken out of it, which leaves the likelihood, normal with precision
    `l = 1/v - 1/v0` about `(f/v - m0/v0) / l`. The prior is put in: a spike, which is the range of
    pretraining, and a flat slab. Numbers are correlated as the residuals are. At last the belief is
    conditioned on how late the joints react, which the estimator's harmonics blur: a delay shows in
    all joints alike.

    Source: Beaumont, Zhang and Balding, "Approximate Bayesian computation in population genetics",
    Genetics 162 (2002), section on local linear regression; the estimator as summary statistic is
    Fearnhead and Prangle 2012, JRSS B 74, section 2.
    """
    usable = [walk for walk in walks if len(walk.seen) >= _least(bundle)]
    world, plain, found = Simulation(bundle.spec, 1), belief, belief
    chosen = _chosen(belief, estimator, world, config)
    if not len(chosen) or not usable or not config.robots:
        return belief
    here = float(np.mean([_late(walk.angle, walk.goal) for walk in usable]))
    for number in range(config.rounds):
        seed = config.seed + 100 * number
        wide_sd = np.minimum(config.wider * found.sd, estimator.prior[1])
        proposal = replace(found, covariance=np.diag(wide_sd**2))
        units = proposal.units(world, Dice(seed, config.robots, purpose="refine"))
        read, late, alive = _readings(bundle, task, estimator, belief, units, usable, seed)
        if alive.sum() < LEAST_ROBOTS:
            return found
        numbers = units[alive][:, belief.told]
        z, s = numbers[:, chosen], read[alive][:, chosen]
        told = regressed(z, s, belief.mean[chosen], config.ridge, config.explained)
        rows = chosen[told.rows]
        low, high = (ends[belief.told[rows]] for ends in belief.prior.narrow(world))
        plain = _with(plain, rows, *told.posterior(low, high))
        # What a round before was conditioned on is in where its robots are drawn, and counts once.
        found = conditioned(plain, numbers, late[alive], here)
    return found


def _chosen(
    belief: Belief, estimator: Estimator, world: Simulation, config: RefineConfig
) -> NDArray[np.intp]:
    """Numbers that are looked at: those well told, without those of how sensors tremble."""
    drawn = belief.prior.wide.drawn(world)
    still = [not drawn[index][0].parameter.endswith(NOISE) for index in belief.told]
    return np.flatnonzero((belief.sd < config.least_told * estimator.prior[1]) & still)


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
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """What the estimator reads of each robot over all walks, how late it is, and who walked on."""
    rate, robots = bundle.spec.rate, len(units)
    begin, length = round(SETTLED * rate), round(SECONDS * rate)
    parts, late, alive = [], [], np.ones(robots, dtype=np.bool_)
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
        late.append(_late(found.angle, found.goal))
        alive &= found.lived == ticks
    read, _ = estimator.read(np.concatenate(parts, axis=1))
    return read, np.mean(late, axis=0), alive


def _late(angle: NDArray[np.floating], goal: NDArray[np.floating]) -> Array:
    """How late the joints of walks `(..., T, nj)` react, in the median, in control periods."""
    found = reaction(np.asarray(angle, np.float64), np.asarray(goal, np.float64))
    return np.asarray(np.median(found, axis=-1))


def _with(belief: Belief, rows: NDArray[np.intp], mean: Array, covariance: Array) -> Belief:
    """The belief with some numbers replaced, which then depend on no others."""
    found, whole = belief.mean.copy(), belief.covariance.copy()
    found[rows] = mean
    whole[rows, :] = whole[:, rows] = 0.0
    whole[np.ix_(rows, rows)] = covariance
    return replace(belief, mean=found, covariance=whole)
