"""`lateness`: by how much goals come later than in the nominal simulator."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ashore.adapt.diagnose.record import Array, Record
from ashore.adapt.diagnose.shift import Shift
from ashore.adapt.reaction import LEAST, lag, reaction
from ashore.envs.physics.standing import held, stand
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start

LATE = 0.75
"""Lateness, in control periods, that is told."""
AGREED = 0.25
"""Median deviation of the joints from one another, in control periods, below which they agree."""
LONGEST = 20.0
"""How much of a log is looked at [s]."""
MOVED = 0.02
"""Least standard deviation of a goal that tells of its delay [rad]."""
TIMESTEP = 0.004
"""Longest physics step of the simulator beside it [s]."""


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late the goals of a log come, beyond the nominal simulator's own delay."""

    delay: float
    """Median of the joints [s]."""
    spread: float
    """Their median deviation from it [s]."""
    crossed: float
    """The same by cross-correlation alone, which counts a soft servo's lag as delay [s]."""
    joints: int
    """How many joints moved enough."""
    period: float
    """Control period [s]."""

    @property
    def told(self) -> bool:
        """Whether the joints agree."""
        return self.joints > 0 and self.spread <= AGREED * self.period

    @property
    def shift(self) -> Shift | None:
        """The shift, if it is one."""
        if not self.told:
            return None
        evidence = f"{self.joints} joints agree within {1e3 * self.spread:.0f} ms; "
        evidence += f"{1e3 * self.crossed:.0f} ms by cross-correlation"
        return late(self.delay, self.period, evidence)


def late(delay: float, period: float, evidence: str) -> Shift | None:
    """The shift of goals that come `delay` [s] later than nominal, if that is late."""
    if delay < LATE * period:
        return None
    return Shift(
        kind="delay",
        what=f"goals take effect {1e3 * delay:.0f} ms later than they should, "
        f"{delay / period:.1f} control periods",
        elsewhere="no number of the spec mends a delay: lower the adapter's latency timer and "
        "look for a busy bus with `ashore doctor`, or pretrain over such a command_delay",
        evidence=evidence,
    )


def lateness(records: Sequence[Record]) -> Lateness | None:
    """Compare when joints follow their goals with a nominal robot that is given the same goals.

    A joint's `reaction` has nothing to do with how stiff its servo is; the cross-correlation of
    goal and angle, whose peak is interpolated by a parabola, has. Both are taken of the log and of
    the simulator, and the simulator's is taken off. None if no stretch is long enough.
    """
    rows = max((_stretch(record) for record in records), key=lambda part: len(part[0]))
    angle, goal = rows
    record = records[0]
    if len(angle) < LEAST:
        return None
    nominal = _simulated(record, angle[0], goal)
    moved = goal.std(axis=0) >= MOVED
    later = (reaction(angle, goal) - reaction(nominal, goal))[moved] * record.period
    crossed = (lag(angle, goal) - lag(nominal, goal))[moved] * record.period
    if not moved.any():
        return Lateness(delay=0.0, spread=0.0, crossed=0.0, joints=0, period=record.period)
    middle = float(np.median(later))
    return Lateness(
        delay=middle,
        spread=float(np.median(np.abs(later - middle))),
        crossed=float(np.median(crossed)),
        joints=int(moved.sum()),
        period=record.period,
    )


def _stretch(record: Record) -> tuple[Array, Array]:
    """Angles and goals of the first unbroken stretch of a robot under torque, `(T, nj)` each."""
    good = record.powered.all(axis=1) & np.isfinite(record.goal).all(axis=1)
    good &= np.isfinite(record.position).all(axis=1)
    good &= np.concatenate([[True], np.diff(record.time) < 1.5 * record.period])
    first = int(np.argmax(good))
    ends = np.flatnonzero(~good[first:])
    last = first + (int(ends[0]) if len(ends) else len(good) - first)
    last = min(last, first + round(LONGEST * record.spec.rate))
    return (record.position[first:last], record.goal[first:last])


def _simulated(record: Record, begin: Array, goals: Array) -> Array:
    """Angles of the nominal robot, from where the log begins, given the log's goals, `(T, nj)`."""
    spec = held(record.spec) if record.held else record.spec
    simulation = Simulation(spec, 1, SimulationConfig(timestep=TIMESTEP, threads=1))
    simulation.reset(np.arange(1), Start(position=begin[None]))
    stand(simulation)
    seen = np.empty_like(goals)
    for row, goal in enumerate(goals):
        seen[row] = simulation.sense()["joint_position"][0]
        simulation.step(goal[None])
    return seen
