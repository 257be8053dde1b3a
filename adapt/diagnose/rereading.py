"""`reread`: what a log would say if the host had read it by another spec of the same robot."""

from dataclasses import replace

import numpy as np

from ashore.adapt.diagnose.record import Array, Record
from ashore.adapt.diagnose.shift import mounting
from ashore.hardware.spec import RobotSpec


def reread(record: Record, spec: RobotSpec) -> Record:
    """Turn angles back into what the encoders counted, and read them by `spec`.

    With the id that a joint has in `spec`, angle = sign (encoder - zero_offset); what servos say
    of velocity, current and duty changes sign with it. The servos got the goals that they got.
    """
    before = record.spec
    column = [before.ids.index(servo) for servo in spec.ids]
    old_sign, old_zero = before.column("sign"), before.column("zero_offset")
    sign, zero = spec.column("sign"), spec.column("zero_offset")

    def angle(values: Array) -> Array:
        encoder = (old_sign * values + old_zero)[:, column]
        return np.asarray(sign * (encoder - zero))

    def way(values: Array) -> Array:
        return np.asarray(sign * (old_sign * values)[:, column])

    found = replace(
        record,
        spec=spec,
        position=angle(record.position),
        goal=angle(record.goal),
        velocity=way(record.velocity),
        current=way(record.current),
        duty=way(record.duty),
        fresh=record.fresh[:, column],
        powered=record.powered[:, column],
    )
    if before.imu is None or spec.imu is None or before.imu == spec.imu:
        return found
    turn = mounting(spec.imu) @ mounting(before.imu).T
    # Biases are of the sensor's axes, readings of the base's.
    less = np.subtract(spec.imu.gyro_bias, before.imu.gyro_bias) @ mounting(spec.imu).T
    return replace(found, gyro=record.gyro @ turn.T - less, gravity=record.gravity @ turn.T)


def possible(record: Record, share: float = 0.98) -> bool:
    """Whether the joints were where they can be in all but a few of the readings."""
    margin = record.spec.column("rest_margin")
    low, high = record.spec.column("lower") - margin, record.spec.column("upper") + margin
    inside = ((record.position >= low) & (record.position <= high)).all(axis=1)
    return bool(inside.mean() >= share)
