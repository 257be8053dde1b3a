"""`offsets`: encoders that count from elsewhere than the spec says, of a base that stands fast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.diagnose.load import Weight
from ashore.adapt.diagnose.shift import Shift
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.trajectory import Trajectory
from ashore.envs.physics.standing import held
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

OFFSET, DELAY = "encoder_offset", "command_delay"
ASKEW = 0.05
"""Offset that the interval must lie beyond to be told; pretraining knows 0.02 [rad]."""
SURE = 0.98
"""Probability of that interval."""
TOLD = 0.12
"""Half width of an interval above which an offset that is not told may hide in it [rad]."""

CLOSE = 0.0005
"""Mean error of a replay that fits, of an encoder of 4096 counts [rad]."""
POOR = 0.004
"""Mean error of a replay that explains nothing: what the robot touched shows as offsets [rad]."""
LEVERAGE = 0.015
"""Least load that must depend on a joint's angle; on a wrist's 0.05 does, on a gripper's 0.002."""
SPARSE = 20
"""Every which sample is a pose that the load is looked at in."""

PRIORS = {
    OFFSET: Prior(sd=0.2),
    DELAY: Prior(sd=0.02, shared=True),
    "gain_divisor": Prior(sd=0.2, log=True, shared=True),
    "friction_load": Prior(sd=0.1, shared=True),
    "friction_base": Prior(sd=0.03, shared=True),
    "strength": Prior(sd=0.15, log=True),
    "mass": Prior(sd=0.1, log=True, shared=True),
}
"""What else differs and must not be taken for an offset: without each servo's own strength, weak
ones on 2 of 10 arms of pretraining passed for offsets of 0.2 rad. So does what the tip carries."""


@dataclass(frozen=True, kw_only=True)
class Offsets:
    """What logs tell of the encoders."""

    shifts: tuple[Shift, ...]
    """Encoders that are off."""
    untold: tuple[str, ...]
    """Joints whose offset the logs don't tell: nothing that depends on it shows."""
    delay: tuple[float, float] | None = None
    """By how much later than nominal goals come, and half the interval of it [s]; None if the fit
    explains too little."""


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
    fitted = calibrate(hung, parts, fit)
    error = float(np.mean(list(fitted.error.values())))
    if error > POOR:
        return Offsets(shifts=(), untold=spec.names)
    poses = np.concatenate([part.position[::SPARSE] for part in parts])
    found = told(spec, fitted.posterior, max(1.0, error / CLOSE) ** 0.5)
    heavy = Weight(spec).leverage(poses) >= LEVERAGE
    dark = {name for name, weighs in zip(spec.names, heavy, strict=True) if not weighs}
    return Offsets(
        shifts=tuple(shift for shift in found.shifts if not dark.intersection(shift.joints)),
        untold=tuple(name for name in spec.names if name in dark or name in found.untold),
        delay=_delay(hung, fitted.posterior),
    )


def _delay(spec: RobotSpec, posterior: Posterior) -> tuple[float, float]:
    nominal = nominal_parameters(spec)[DELAY].value
    low, high = posterior.intervals(SURE)[DELAY]
    return float(posterior.value[DELAY][0]) - nominal, float(high[0] - low[0]) / 2.0


def _known(spec: RobotSpec) -> dict[str, Prior]:
    """Those priors that the robot has parameters for, and one on the payload of its last body."""
    known = nominal_parameters(spec)
    found = {name: prior for name, prior in PRIORS.items() if name in known}
    tip = known["payload"].elements[-1]
    return {**found, "payload": Prior(sd=0.1, on=tip)}


def told(spec: RobotSpec, posterior: Posterior, doubt: float = 1.0) -> Offsets:
    """What a posterior says of the encoders of `spec`, one of any fit that has their offsets.

    Intervals are `doubt` times as wide as the posterior has them: what a simulator leaves out, such
    as play in the gears, errs in one direction for longer than the posterior believes.
    """
    value = np.broadcast_to(posterior.value[OFFSET], len(spec.joints))
    low, high = posterior.intervals(SURE)[OFFSET]
    width = doubt * (high - low) / 2.0
    shifts, untold = [], []
    for index, joint in enumerate(spec.joints):
        if abs(value[index]) - width[index] <= ASKEW and width[index] > TOLD:
            untold.append(joint.name)
        elif abs(value[index]) - width[index] > ASKEW:
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
