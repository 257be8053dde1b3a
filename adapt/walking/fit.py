"""`fit_walker`: fit the simulator of a robot on legs to its walk, without its base's state."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.fitted import Fitted, Stage, Unusable
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.estimator_training import EstimatorConfig, train_estimator
from ashore.adapt.walking.gait_window import SECONDS, SETTLED, gait_windows
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.range_test import RangeConfig, range_test
from ashore.adapt.walking.refine import RefineConfig, refine
from ashore.adapt.walking.rehearsal import rehearse
from ashore.adapt.walking.walk_findings import walk_findings
from ashore.adapt.walking.walk_log import Walk, split, walks
from ashore.adapt.walking.watched import sight
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log
from ashore.policies.bundle import Bundle

Floats = NDArray[np.float32]

LEAST_WINDOWS = 4
"""Fewest windows that a walk is read from."""


@dataclass(frozen=True, kw_only=True)
class WalkingConfig:
    """How a walk is read."""

    estimator: EstimatorConfig = field(default_factory=EstimatorConfig)
    """How an estimator is taught where the bundle brings none."""
    range: RangeConfig = field(default_factory=RangeConfig)
    """How it is compared with robots of pretraining."""
    refine: RefineConfig = field(default_factory=RefineConfig)
    """How what was read is refined by simulation."""
    window: float = 1.0
    """Length of the windows in which simulators are compared with the held-out walk [s]."""
    likely: float = 1.0 / 3.0
    """Deviations of the robots that are tuned on, as a share of the belief's. A belief has room for
    robots that barely walk, and learning to spare those costs the likely one more than it saves:
    with half of the deviations or less, five of seven hidden twins earned more, one with a weak leg
    a third more, and the two others a twelfth less. The gate looks at the whole belief."""


def fit_walker(
    bundle: Bundle, task: Task, logs: Sequence[Log], config: WalkingConfig, stage: Stage
) -> Fitted:
    """Read the robot's parameters from two thirds of its walks, and predict the last third.

    Raises:
        Unusable: too little of the logs is a walk.
    """
    found = [walk for log in logs for walk in walks(log, bundle, task)]
    seconds = sum(walk.seconds for walk in found)
    fitting, held_out = split(found)
    windows = windows_of(bundle, fitting)
    if len(windows) < LEAST_WINDOWS:
        raise Unusable(
            f"the logs hold {seconds:.1f} s of walking, {len(windows)} windows of {SECONDS:g} s "
            f"to read; at least {LEAST_WINDOWS} are needed: record for longer",
            seconds,
        )
    estimator = Estimator.of(bundle) or teach(bundle, task, config.estimator, stage)
    stage("comparing with robots of pretraining", 0.0)
    usual = range_test(bundle, task, fitting, estimator, config.range)
    stage("reading the walk", 0.0)
    belief = read(estimator, bundle, windows)
    belief = refine(bundle, task, estimator, belief, fitting, config.refine)
    stage("comparing with the held-out episodes", 0.0)
    return Fitted(
        target=belief,
        posterior=belief.to_json(),
        diagnosis=walk_findings(belief, estimator, Simulation(bundle.spec, 1)),
        evidence=rehearse(bundle, task, belief, held_out, config.window),
        seconds=seconds,
        range=usual,
        likely=belief.narrowed(config.likely),
    )


def windows_of(bundle: Bundle, found: Sequence[Walk]) -> Floats:
    """Windows of all walks, `(m, f)`; none reaches over a walk's end."""
    rate, looking = bundle.spec.rate, sight(bundle)
    begin, length = round(SETTLED * rate), round(SECONDS * rate)
    parts = [
        gait_windows(looking, walk.seen[None, begin:], length)[0]
        for walk in found
        if len(walk.seen) - begin >= length
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def read(
    estimator: Estimator, bundle: Bundle, windows: Floats
) -> Belief:
    """What an estimator makes of a walk."""
    mean, sd = estimator.read(windows)
    trained = Randomization.from_json(bundle.randomization)
    return Belief(
        prior=WalkerPrior(wide=estimator.wide, trained=trained),
        told=estimator.told,
        mean=mean,
        covariance=np.diag(sd**2),
    )


def teach(bundle: Bundle, task: Task, config: EstimatorConfig, stage: Stage) -> Estimator:
    """Train the estimator of a bundle that brings none; it depends on the policy alone."""
    return train_estimator(bundle, task, WalkerPrior.of(bundle), config, stage)
