"""`walk_findings`: a belief about a walker, number by number, against what pretraining varied."""

import numpy as np
from scipy.stats import norm

from ashore.adapt.diagnose.diagnosis import DEPTHS, Diagnosis, Finding
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.prior import NOISE
from ashore.envs.physics.parameter_set import ParameterSet

LEVEL = 0.9
"""Probability of the intervals."""
TOLD = 0.7
"""A number was told by the log if its width fell below this share of the prior's."""


def walk_findings(belief: Belief, estimator: Estimator, world: ParameterSet) -> Diagnosis:
    """List what a log tells of each number that a walk can tell at all."""
    drawn = belief.prior.wide.drawn(world)
    low, high = belief.prior.narrow(world)
    nominal = belief.prior.nominal(world)
    reach = norm.ppf(0.5 + 0.5 * LEVEL)
    findings = []
    for index, mean, sd, before in zip(
        belief.told, belief.mean, belief.sd, estimator.prior[1], strict=True
    ):
        term, of = drawn[index]
        if term.parameter.endswith(NOISE):
            continue
        span = term.high - term.low
        ends = np.clip([mean - reach * sd, mean, mean + reach * sd], 0.0, 1.0)
        bottom, middle, top = (float(term.low + span * end) for end in ends)
        parameter = world.parameters[term.parameter]
        findings.append(
            Finding(
                parameter=term.title + (f" of {of}" if of else ""),
                depth=DEPTHS.get(term.parameter, "dynamics"),
                low=bottom,
                value=middle,
                high=top,
                nominal=float(term.low + span * nominal[index]),
                trained=(
                    float(term.low + span * low[index]),
                    float(term.low + span * high[index]),
                ),
                told=bool(sd < TOLD * before),
                unit="x nominal" if term.operation == "scale" else parameter.unit,
            )
        )
    return Diagnosis(findings=tuple(findings))
