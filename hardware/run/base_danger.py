"""`base_dangers`: what the inertial sensor says against going on."""

import math

import numpy as np

from ashore.hardware.reading import Reading
from ashore.hardware.spec import RobotSpec


def base_dangers(spec: RobotSpec, reading: Reading) -> list[str]:
    """Return a clause for each danger to the base, none for a robot without an inertial sensor.

    The tilt is the angle between the base's z axis and the vertical, `acos(-gravity_z)`.
    """
    inertial, safety = reading.inertial, spec.safety
    if inertial is None:
        return []
    if not inertial.age <= (safety.stale_limit + 0.5) / spec.rate:
        return [f"the inertial sensor has given no sample for {safety.stale_limit} control steps"]
    if not (np.isfinite(inertial.gyro).all() and np.isfinite(inertial.gravity).all()):
        return ["the inertial sensor gives no finite number"]
    tilt = math.acos(min(1.0, max(-1.0, -float(inertial.gravity[2]))))
    if safety.fall_tilt and tilt > safety.fall_tilt:
        return [f"the robot has fallen: its base is tilted by {tilt:.2f} rad"]
    return []
