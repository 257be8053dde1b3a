"""`footing`: do the feet of a robot on legs stand still, as its joints and its gyroscope say?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ashore.adapt.diagnose.record import Array, Record
from ashore.adapt.diagnose.shift import Shift, exchanges, inversions, turns
from ashore.adapt.diagnose.suspicion import Suspicion, Threshold, suspect
from ashore.envs.tasks.gait import Legs
from ashore.hardware.spec import RobotSpec

SPEED = 0.06
"""By how much two standing feet may disagree on the base's velocity [m/s]."""
HEIGHT = 0.012
"""How much higher than the lowest a standing foot may be [m]."""
OUTLIER = 1e-3
"""Likelihood of a reading in which no two feet stand, over that of one in which all do."""
FOOTING = Threshold(gain=0.3, z=5.0)
"""What counts as evidence; 30 robots of pretraining gained 0.1 at most."""
STEPPING = 0.03
"""Least root mean square speed of the feet in the base's frame that tells anything [m/s]."""


def footing(records: Sequence[Record]) -> Suspicion | None:
    """Find swapped and inverted joints and a turned sensor by the feet; None if they don't step.

    Goals and positions of a joint agree even if its servo is another joint's, and so do a sensor's
    gyroscope and its gravity if it is turned as a whole. The feet don't: two that stand must tell
    the same velocity of the base.
    """
    spec = records[0].spec
    known = bool(spec.legs) and all(record.inertial and not record.held for record in records)
    if not known or max(map(_stepping, records)) < STEPPING:
        return None
    return suspect(records, _candidates, footing_losses, FOOTING)


def _candidates(record: Record) -> list[Shift]:
    return [*inversions(record.spec), *exchanges(record.spec), *turns(record.spec)]


def footing_losses(record: Record) -> Array:
    """Negative log likelihood of each reading but the outer two, `(T - 2,)`.

    With feet `p` in the base's frame and its angular velocity `w`, a standing foot says that the
    base moves at `v = -(dp/dt + w x p)`. For each two feet, how far their `v` are apart and how
    high above the lowest they are have normal errors; which two stand is not known, so a reading is
    as likely as the mean over all pairs.

    Source: Bloesch et al., "State estimation for legged robots", RSS 2012, section III (the
    velocity of a stance foot is zero).
    """
    feet = _feet(record.spec, record.position)
    moved = (feet[2:] - feet[:-2]) / np.maximum(record.time[2:] - record.time[:-2], 1e-6)[
        :, None, None
    ]
    feet, spin, down = feet[1:-1], record.gyro[1:-1], record.gravity[1:-1]
    told = -(moved + np.cross(spin[:, None, :], feet))
    depth = (feet * down[:, None, :]).sum(axis=2)
    above = depth.max(axis=1, keepdims=True) - depth
    pairs = list(combinations(range(feet.shape[1]), 2))
    likely = np.full(len(feet), OUTLIER)
    for one, other in pairs:
        apart = ((told[:, one] - told[:, other]) ** 2).sum(axis=1) / SPEED**2
        high = (np.maximum(above[:, one], above[:, other]) / HEIGHT) ** 2
        likely += np.exp(-0.5 * (apart + high)) / len(pairs)
    return np.asarray(-np.log(likely))


def _feet(spec: RobotSpec, position: Array) -> Array:
    legs = Legs(spec)
    return legs.forward(legs.of_joints(position))


def _stepping(record: Record) -> float:
    moved = np.diff(_feet(record.spec, record.position), axis=0) * record.spec.rate
    return float(np.sqrt(np.mean((moved**2).sum(axis=2))))
