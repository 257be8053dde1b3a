"""`moving_base`: how a free base stood and moved, as far as the robot's own sensors tell."""

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.policy_steps import episodes
from ashore.envs.physics.free_base import BaseMotion
from ashore.envs.tasks import make_task
from ashore.hardware.contract import Contract
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


def moving_base(log: Log, spec: RobotSpec) -> BaseMotion | None:
    """Read a free base's motion from a log, a row a reading; None of a robot without a sensor.

    The inertial sensor says how the base stands and turns, and legs that stand still how fast it
    goes over them. Where nothing says how fast, as in a log without a policy, it stands still.
    """
    readings = log.readings
    if spec.imu is None or bool(log.header.setup.get("held", False)):
        return None
    size = np.linalg.norm(readings.gravity, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        gravity = _last_known(readings.gravity / size)
    gyro = _last_known(readings.gyro)
    if gravity is None or gyro is None:
        return None
    return BaseMotion(gravity=gravity, gyro=gyro, velocity=_velocity(log, spec))


def _last_known(values: Array) -> Array | None:
    """Each row, or the last before it that was measured; None if none was."""
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return None
    rows = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return values[np.where(rows < 0, int(known.argmax()), rows)]


def _velocity(log: Log, spec: RobotSpec) -> Array:
    """Velocity of the base in its own frame at each reading, `(T, 3)` [m/s]."""
    steps, found = log.policy, np.zeros((len(log.readings), 3))
    if len(steps) == 0 or not log.header.contract.strip("{} \n"):
        return found
    task = make_task(Contract.from_json(log.header.contract).task, spec)
    for rows in episodes(steps):
        sensed = {name: value[rows] for name, value in steps.signals.items()}
        if len(rows) < 3 or "true_velocity" not in (told := task.measured(sensed)):
            continue
        at = np.searchsorted(log.readings.time, steps.time[rows])
        found[np.minimum(at, len(found) - 1)] = told["true_velocity"]
    return found
