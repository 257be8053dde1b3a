"""`offsets`: encoders that count from elsewhere than the spec says, of a base that stands fast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.diagnose.shift import Shift
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.trajectory import Trajectory
from ashore.envs.physics.standing import held
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

OFFSET = "encoder_offset"
ASKEW = 0.06
"""Offset that the interval must lie beyond to be told; pretraining knows 0.02 [rad]."""
SURE = 0.98
"""Probability of that interval."""
TOLD = 0.6
"""Share of the prior's width below which an offset is told at all."""

PRIORS = {
    OFFSET: Prior(sd=0.2),
    "command_delay": Prior(sd=0.02, shared=True),
    "gain_divisor": Prior(sd=0.2, log=True, shared=True),
    "friction_load": Prior(sd=0.1, shared=True),
    "friction_base": Prior(sd=0.03, shared=True),
    "mass": Prior(sd=0.1, log=True, shared=True),
}
"""What else differs and must not be taken for an offset."""


@dataclass(frozen=True, kw_only=True)
class Offsets:
    """What logs tell of the encoders."""

    shifts: tuple[Shift, ...]
    """Encoders that are off."""
    untold: tuple[str, ...]
    """Joints whose offset the logs don't tell: nothing that depends on it shows."""


def offsets(spec: RobotSpec, trajectories: Sequence[Trajectory]) -> Offsets:
    """Fit the offsets by windowed replay, beside what else would show in their place.

    Goals and angles agree whatever an encoder counts from. Gravity does not: it pulls where the
    joints really are.

    Raises:
        AdaptError: there is no trajectory.
    """
    hung = held(spec) if all(part.held for part in trajectories) else spec
    fit = CalibrationConfig(
        priors=_known(hung),
        window_iterations=6,
        whole_iterations=0,
        generations=0,
        replay=ReplayConfig(timestep=0.004, threads=1),
    )
    parts = [replace(part, held=False) for part in trajectories]
    return told(spec, calibrate(hung, parts, fit).posterior)


def _known(spec: RobotSpec) -> dict[str, Prior]:
    known = nominal_parameters(spec)
    return {name: prior for name, prior in PRIORS.items() if name in known}


def told(spec: RobotSpec, posterior: Posterior) -> Offsets:
    """What a posterior says of the encoders of `spec`, one of any fit that has their offsets."""
    value = np.broadcast_to(posterior.value[OFFSET], len(spec.joints))
    low, high = posterior.intervals(SURE)[OFFSET]
    width = (high - low) / 2.0
    shifts, untold = [], []
    for index, joint in enumerate(spec.joints):
        if width[index] > TOLD * 2.326 * PRIORS[OFFSET].sd:
            untold.append(joint.name)
        elif low[index] > ASKEW or high[index] < -ASKEW:
            shifts.append(offset(spec, index, float(value[index]), float(width[index])))
    return Offsets(shifts=tuple(shifts), untold=tuple(untold))


def offset(spec: RobotSpec, index: int, value: float, width: float) -> Shift:
    """A joint that says `value` too much, ± `width` [rad]; angle = sign (encoder - zero)."""
    joint = spec.joints[index]
    return Shift(
        kind="zero_offset",
        what=f"{joint.name} says {value:+.3f} rad more than its angle",
        joints=(joint.name,),
        joint_edits={joint.name: {"zero_offset": joint.zero_offset + joint.sign * value}},
        evidence=f"± {width:.3f} rad",
    )
