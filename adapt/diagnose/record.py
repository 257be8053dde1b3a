"""`Record`: the signals of a log side by side, a row a reading."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

WHOLE = ("spec", "held")
"""What of a record is not a row a reading."""
LEAST_ROWS = 3
"""Fewest readings and goals of which anything can be said."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """`T` readings of `nj` joints in the spec's order, as they were written, flaws and all."""

    spec: RobotSpec
    """The robot that the log is of."""
    time: Array
    """Since the first reading, `(T,)` [s]."""
    position: Array
    """Measured angle, `(T, nj)` [rad]."""
    velocity: Array
    """Velocity as the servo reports it, `(T, nj)` [rad/s]; NaN where not measured."""
    current: Array
    """Motor current, `(T, nj)` [A]; NaN where not measured."""
    duty: Array
    """Duty, `(T, nj)`; NaN where not recorded."""
    goal: Array
    """Goal that was sent at the reading or last before it, `(T, nj)` [rad]; NaN before any."""
    fresh: Mask
    """Which joints answered, `(T, nj)`."""
    powered: Mask
    """Which servos had torque, `(T, nj)`."""
    gyro: Array
    """Angular velocity of the base, `(T, 3)` [rad/s]; NaN where not measured."""
    gravity: Array
    """Direction of gravity in the base's frame, `(T, 3)`; NaN where not measured."""
    working: Mask
    """Readings of a policy or an excitation at work, all if the log marks none, `(T,)`."""
    held: bool
    """Whether the base hung in a stand."""

    @property
    def period(self) -> float:
        """Control period [s]."""
        return 1.0 / self.spec.rate

    @property
    def seconds(self) -> float:
        """How long a policy or an excitation was at work [s]."""
        return float(np.count_nonzero(self.working) * self.period)

    @property
    def fixed(self) -> bool:
        """Whether the base stood fast."""
        return self.spec.imu is None or self.held

    @property
    def inertial(self) -> bool:
        """Whether an inertial sensor was recorded."""
        return self.spec.imu is not None and bool(np.isfinite(self.gyro).all(axis=1).any())

    def take(self, rows: Mask) -> "Record":
        """The same with some of the rows."""
        kept = {name: value[rows] for name, value in vars(self).items() if name not in WHOLE}
        return replace(self, **kept)

    @classmethod
    def of(cls, log: Log, spec: RobotSpec) -> "Record":
        """Lay a log's signals side by side.

        Raises:
            AdaptError: it is of other joints, or holds too few readings or goals.
        """
        readings, commands, setup = log.readings, log.commands, log.header.setup
        if len(readings) < LEAST_ROWS or len(commands) < LEAST_ROWS:
            raise AdaptError(
                f"{log.path} holds {len(readings)} readings and {len(commands)} goals; at least "
                f"{LEAST_ROWS} of each are needed: record the robot for longer, under command"
            )
        order = _order(setup.get("joints", spec.names), log, spec)
        late = np.searchsorted(commands.time, readings.time + 1e-9, side="right") - 1
        goal = commands.position[np.maximum(late, 0)][:, order]
        goal[late < 0] = np.nan
        return cls(
            spec=spec,
            time=readings.time - readings.time[0],
            position=readings.position[:, order],
            velocity=readings.velocity[:, order],
            current=readings.current[:, order],
            duty=readings.duty[:, order],
            goal=goal,
            fresh=readings.age[:, order] == 0.0,
            powered=readings.torque_enabled[:, order],
            gyro=readings.gyro,
            gravity=readings.gravity,
            working=_working(log),
            held=bool(setup.get("held", False)),
        )


def _order(names: object, log: Log, spec: RobotSpec) -> list[int]:
    """Columns of a log in the spec's order."""
    joints = len(spec.joints)
    known = isinstance(names, (list, tuple)) and sorted(map(str, names)) == sorted(spec.names)
    shapes = {log.readings.position.shape[1:], log.commands.position.shape[1:]}
    if not isinstance(names, (list, tuple)) or not known or shapes != {(joints,)}:
        raise AdaptError(
            f"{log.path} is of {log.readings.position.shape[-1]} joints, {names}, and robot "
            f"{spec.name!r} has {', '.join(spec.names)}; give a log of that robot"
        )
    return [list(names).index(name) for name in spec.names]


def _working(log: Log) -> Mask:
    """Readings within a state `running`; all of them where the log marks none."""
    time = log.readings.time
    marks = [event for event in log.events if event.kind == "state"]
    found = np.zeros(len(time), dtype=np.bool_)
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        if mark.text == "running":
            until = np.inf if after is None else after.time
            found |= (time >= mark.time) & (time < until)
    return found if found.any() else np.ones(len(time), dtype=np.bool_)
