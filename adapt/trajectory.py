"""`Trajectory`: what calibration needs of one log, and the windows it is cut into."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.physics.free_base import BaseMotion
from ashore.envs.physics.robot_model import build_model
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAP = 5.0
"""Sampling periods without a sample after which a recording counts as broken off."""
SMOOTHING = 0.04
"""Time over which the velocity is a cubic's derivative [s]; never fewer than five samples."""
FAR = 1e3
"""Time before the first and after the last command that they are taken to hold [s]."""


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """One recording of `nj` joints: `T` samples of where they were, `C` goals they were given."""

    label: str
    """The motion's name: trajectories that share it share an excitation."""
    source: str
    """Name of this recording."""
    time: Array
    """When each sample was taken, `(T,)` [s]."""
    position: Array
    """Measured angle, `(T, nj)` [rad]."""
    voltage: Array | None
    """Measured supply voltage, `(T, nj)` [V]; None where it was not measured."""
    goal_time: Array
    """When each goal was given, `(C,)` [s]."""
    goal: Array
    """Goal angle that holds until the next, `(C, nj)` [rad]."""
    torque_enabled: Mask
    """Whether each motor was on, `(T, nj)`."""
    p_gain: Array
    """Position P gain register, `(nj,)`."""
    fresh: Mask
    """Which samples are measurements, `(T, nj)`; others repeat an older one."""
    mass: float = 1.0
    """Moving mass of this recording relative to the spec's model."""
    held: bool = False
    """Whether a base that is free hung in a stand, its feet off the floor."""
    base: BaseMotion | None = None
    """How a free base stood and moved, a row a sample; None where nobody knows."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        shape = self.position.shape
        for name in ("torque_enabled", "fresh"):
            found = getattr(self, name).shape
            if found != shape:
                raise AdaptError(f"{self.source}: {name} is {found}, and the position {shape}")
        if len(self.time) < 3 or len(self.goal_time) < 1:
            raise AdaptError(
                f"{self.source} holds {len(self.time)} samples and {len(self.goal_time)} goals; "
                f"at least 3 and 1 are needed: record the robot for longer, under command"
            )

    @property
    def joints(self) -> int:
        """How many joints it is of."""
        return int(self.position.shape[1])

    @cached_property
    def period(self) -> float:
        """Usual time between samples [s]."""
        return float(np.median(np.diff(self.time)))

    @cached_property
    def velocity(self) -> Array:
        """Derivative of the measured angle, by cubics over `SMOOTHING`, `(T, nj)` [rad/s].

        The servo's own velocity lags by tens of milliseconds; this one doesn't.
        """
        speed = np.zeros_like(self.position)
        for piece in self.pieces:
            speed[piece] = _derivative(self.time[piece], self.position[piece], self.period)
        return speed

    @cached_property
    def pieces(self) -> list[slice]:
        """Unbroken stretches of samples."""
        ends = np.flatnonzero(np.diff(self.time) > GAP * self.period) + 1
        edges = [0, *ends.tolist(), len(self.time)]
        return [slice(a, b) for a, b in pairwise(edges) if b - a > 2]

    @cached_property
    def supply(self) -> Array | None:
        """Median measured supply voltage of each joint, `(nj,)` [V].

        Single samples alias the power stage's switching, by up to a volt on an XL330.
        """
        return None if self.voltage is None else np.median(self.voltage, axis=0)

    @cached_property
    def _goal_integral(self) -> tuple[Array, Array]:
        first, last = self.goal_time[:1], self.goal_time[-1:]
        times = np.concatenate([first - FAR, self.goal_time, last + FAR])
        held = np.concatenate([self.goal[:1], self.goal])
        steps = held * np.diff(times)[:, None]
        return times, np.concatenate([np.zeros((1, self.joints)), np.cumsum(steps, axis=0)])

    def goals(self, edges: Array, delay: Array) -> Array:
        """Mean goal in force between successive `edges` `(K + 1,)` [s], `delay` `(nj,)` [s] late.

        The goal is a staircase; its mean over a physics step is exact for the step and continuous
        in the delay, as in `CommandDelay`. Returns `(K, nj)` [rad].
        """
        times, integral = self._goal_integral
        reached = [np.interp(edges - d, times, integral[:, j]) for j, d in enumerate(delay)]
        return np.asarray(np.diff(np.stack(reached, axis=1), axis=0) / np.diff(edges)[:, None])

    def segments(self, length: float | None = None) -> list["Window"]:
        """Cut into windows of about `length` [s], or as long as can be; none spans a gap."""
        windows = []
        for piece in self.pieces:
            span = float(self.time[piece.stop - 1] - self.time[piece.start])
            count = 1 if length is None else max(1, round(span / length))
            marks = self.time[piece.start] + np.linspace(0.0, span, count + 1)
            rows = piece.start + np.searchsorted(self.time[piece], marks - 1e-9)
            rows = np.clip(rows, piece.start, piece.stop - 1)
            windows += [
                Window(self, int(a), int(b) + 1)
                for a, b in pairwise(rows)
                if b - a >= 2
            ]
        return windows

    @classmethod
    def from_log(cls, log: Log, spec: RobotSpec) -> "Trajectory":
        """Take what calibration needs of a log of the robot `spec`.

        The setup may say `p_gain`, `trajectory` (the motion's name), `mass` [kg], `length` [m],
        that the robot was `held`, and the `joints` of the columns, which are put into the spec's
        order.

        Raises:
            AdaptError: other joints or another number of them, no command, or a length the model
                doesn't have.
        """
        readings, commands, setup = log.readings, log.commands, log.header.setup
        joints = len(spec.joints)
        if readings.position.shape[1:] != (joints,) or commands.position.shape[1:] != (joints,):
            raise AdaptError(
                f"{log.path} is of {readings.position.shape[-1]} joints and robot {spec.name!r} "
                f"has {joints}; give a log of that robot"
            )
        order = _order(setup, spec, log.path.stem)
        gain = np.asarray(setup.get("p_gain", spec.column("p_gain")), dtype=np.float64)
        return cls(
            label=str(setup.get("trajectory", log.path.stem)),
            source=log.path.stem,
            time=readings.time - readings.time[0],
            position=readings.position[:, order],
            voltage=readings.voltage[:, order] if np.isfinite(readings.voltage).all() else None,
            goal_time=commands.time - readings.time[0],
            goal=commands.position[:, order],
            torque_enabled=readings.torque_enabled[:, order],
            p_gain=np.broadcast_to(gain, (joints,)).copy(),
            fresh=readings.age[:, order] == 0.0,
            mass=_relative_mass(setup, spec, log.path.stem),
            held=bool(setup.get("held", False)),
        )


@dataclass(frozen=True)
class Window:
    """Samples `begin` to `end - 1` of a trajectory."""

    trajectory: Trajectory
    begin: int
    end: int

    @property
    def rows(self) -> slice:
        """Its samples."""
        return slice(self.begin, self.end)

    @property
    def time(self) -> Array:
        """Sampling times since its first sample [s]."""
        times = self.trajectory.time[self.rows]
        return np.asarray(times - times[0])


def _derivative(time: Array, position: Array, period: float) -> Array:
    # It brings all of scipy.signal: half a second that only this needs.
    from scipy.signal import savgol_filter

    count = max(5, int(np.ceil((time[-1] - time[0]) / period)) + 1)
    grid = np.linspace(time[0], time[-1], count)
    step = grid[1] - grid[0]
    width = min(max(5, round(SMOOTHING / step) | 1), count if count % 2 else count - 1)
    columns = []
    for angle in position.T:
        even = np.interp(grid, time, angle)
        slope = savgol_filter(even, width, 3, deriv=1, delta=step, mode="interp")
        columns.append(np.interp(time, grid, slope))
    return np.stack(columns, axis=1)


def _order(setup: Mapping[str, object], spec: RobotSpec, source: str) -> list[int]:
    """Columns of a log in the spec's order."""
    names = setup.get("joints", spec.names)
    if not isinstance(names, (list, tuple)) or sorted(map(str, names)) != sorted(spec.names):
        raise AdaptError(
            f"{source} is of joints {names}, and robot {spec.name!r} has "
            f"{', '.join(spec.names)}; give a spec of those joints"
        )
    return [list(names).index(name) for name in spec.names]


def _relative_mass(setup: Mapping[str, object], spec: RobotSpec, source: str) -> float:
    """Return the setup's mass over the model's, and refuse another length than the model's."""
    mass, length = setup.get("mass"), setup.get("length")
    if mass is None and length is None:
        return 1.0
    model = build_model(spec, 0.002)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    nominal = float(model.body_mass.sum())
    reach = float(np.linalg.norm(data.subtree_com[model.jnt_bodyid[0]] - data.xanchor[0]))
    if length is not None and abs(float(str(length)) - reach) > 1e-3:
        raise AdaptError(
            f"{source} was recorded with an arm of {length} m and the model of {spec.name!r} has "
            f"{reach:.3f} m; give a spec whose MJCF has that length"
        )
    return 1.0 if mass is None else float(str(mass)) / nominal
