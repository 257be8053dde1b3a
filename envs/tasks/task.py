"""`Task`: what a robot is asked to do, from a command plan to a reward."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.hardware.contract import ActionTerm, Contract, ObservationTerm, Signals
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where `n` robots begin an episode."""

    position: Array
    """Joint angles, `(n, nj)` [rad]."""
    velocity: Array | None = None
    """Joint velocities, `(n, nj)` [rad/s]; None for rest."""
    base_velocity: Array | None = None
    """Velocity of a free base in the world, linear [m/s] then angular [rad/s], `(n, 6)`; None for
    rest. The base itself begins where the MJCF puts it, turned about the vertical by `heading`."""
    heading: Array | None = None
    """Angle about the vertical that a free base begins at, `(n,)` [rad]; None for none."""


def task_contract(
    task: str, spec: RobotSpec, terms: tuple[ObservationTerm, ...], base: str, reach: float
) -> Contract:
    """Return a contract whose action one moves every goal `reach` [rad] away from signal `base`."""
    return Contract(
        robot=spec.name,
        joints=spec.names,
        task=task,
        rate=spec.rate,
        terms=terms,
        action=ActionTerm(
            base=base,
            scale=(reach,) * len(spec.joints),
            lower=tuple(spec.column("lower")),
            upper=tuple(spec.column("upper")),
        ),
    )


class Task(Protocol):
    """A task runs on numpy alone: the robot's computer runs the same code as the simulation.

    A *plan* is a row of numbers that fixes all commands of one episode, so that a log that holds
    the plan holds the episode's task.
    """

    name: str
    """Name on the command line."""
    episode: float
    """Length of an episode [s]."""
    senses: tuple[str, ...]
    """Sensor signals that it reads itself; those of its contract need not be among them."""

    def contract(self, spec: RobotSpec) -> Contract:
        """Return what a policy for this task sees and says on the robot of `spec`."""
        ...

    def plan(self, dice: Dice) -> Array:
        """Draw the commands of an episode for each of `n` robots, `(n, k)`."""
        ...

    def start(self, dice: Dice) -> Start:
        """Draw where each of `n` robots begins in training."""
        ...

    def signals(self, plan: Array, time: Array, sensed: Mapping[str, Array]) -> dict[str, Array]:
        """Add the task's signals to what the robot sensed `time` `(n,)` [s] into its episode."""
        ...

    def measured(self, signals: Signals) -> Signals:
        """Add what the reward is made of and no sensor says, as far as sensors tell.

        Here rows are not robots but the consecutive control steps of one episode of a log, `(T, k)`
        each; a task whose reward is made of what is sensed returns what it was given.
        """
        ...

    def reward(self, signals: Signals, action: Array, previous: Array) -> dict[str, Array]:
        """Weighted terms of the reward, each `(n,)`, of being at `signals` after `action`."""
        ...

    def ends(self, signals: Signals) -> NDArray[np.bool_]:
        """Robots whose episode is over before its time, because they fell, `(n,)`."""
        ...

    def errors(self, signals: Signals) -> dict[str, Array]:
        """What people would measure of this tick, each `(n,)`, by name and unit."""
        ...

    def slices(self, plan: Array) -> dict[str, NDArray[np.bool_]]:
        """Kinds of episode, each a mask over the plans `(n,)`, so that no mean hides a loss."""
        ...


def nobody(signals: Signals) -> NDArray[np.bool_]:
    """No robot's episode is over: the answer of a task that cannot be failed, `(n,)`."""
    return np.zeros(len(signals["joint_position"]), dtype=np.bool_)


def total(terms: Mapping[str, Array]) -> Array:
    """Sum of the reward's terms, `(n,)`."""
    return np.asarray(sum(terms.values()), dtype=np.float64)
