"""`audit`: proof, by stepping the simulator, that every term of a randomization does something."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from mujoco.batch import MODEL_FIELDS
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.randomization import Randomization, apply
from ashore.envs.simulation import Simulation, SimulationConfig
from ashore.envs.tasks.task import Start, Task
from ashore.envs.term import Term
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

SECONDS = 3.0
"""How long each robot is driven [s]."""
LIVE = {"dof_frictionloss", "geom_size", "geom_rbound"}
"""Fields that follow the motion at every step, and so differ from reset to reset."""
NOTICED = 1e-6
"""Change of motion [rad] or of what is sensed [its unit] below which a term does nothing."""
_NOMINAL, _LOW, _HIGH = range(3)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one term did."""

    term: Term
    """The term."""
    motion: float
    """Root mean square change of the joints' true angles, the larger of both ends [rad]."""
    base: float
    """Largest change of a free base's height [m]; 0 for a fixed one."""
    sensed: float
    """Root mean square change of all that is sensed, each signal over its own spread."""
    repeats: bool
    """Whether a second reset with the same numbers left every field of the model the same bits."""
    settled: bool
    """Whether all that MuJoCo derives from the changed fields followed."""

    @property
    def idle(self) -> bool:
        """Whether the term changes nothing at all."""
        return max(self.motion, self.base, self.sensed) < NOTICED

    @property
    def fault(self) -> str:
        """What is wrong with the term, in a few words; empty if nothing is."""
        if self.idle:
            return "does nothing"
        if not self.repeats:
            return "compounds from reset to reset"
        return "" if self.settled else "leaves derived constants behind"


def audit(spec: RobotSpec, task: Task, randomization: Randomization) -> list[Finding]:
    """Drive a nominal robot and one at each end of each term, side by side, and compare them.

    All begin alike, do the task's base motion with a swing of every joint on top, and draw the same
    noise; a term of mode interval is in force from the start.

    Raises:
        ModelError: a range that leaves what is physical, or a name that does not exist.
    """
    backlash = "backlash" in randomization.names
    simulation = Simulation(spec, 3, SimulationConfig(threads=1, backlash=backlash))
    randomization.check(simulation)
    return [_examine(simulation, task, term) for term in randomization.terms]


def _examine(simulation: Simulation, task: Task, term: Term) -> Finding:
    nominal = _fields(simulation)
    began = {name: simulation.values(name).copy() for name in (term.parameter,)}
    _put(simulation, term)
    first = _fields(simulation)
    motion, height, sensed = _drive(simulation, task)
    _put(simulation, term)
    repeats = _same(first, _fields(simulation))
    settled = all(_follows(simulation, robot) for robot in (_LOW, _HIGH))
    apply(simulation, began, np.arange(3))
    repeats &= _same(nominal, _fields(simulation))
    spread = sensed[:, _NOMINAL].std(axis=0) + 1e-3
    return Finding(
        term=term,
        motion=max(_rms(motion[:, i] - motion[:, _NOMINAL]) for i in (_LOW, _HIGH)),
        base=float(np.abs(height - height[:, :1]).max()),
        sensed=max(_rms((sensed[:, i] - sensed[:, _NOMINAL]) / spread) for i in (_LOW, _HIGH)),
        repeats=repeats,
        settled=settled,
    )


def _put(simulation: Simulation, term: Term) -> None:
    """Give robot `_LOW` the term's lower end and `_HIGH` its upper one, as a reset would."""
    for robot, end in ((_LOW, term.low), (_HIGH, term.high)):
        there = replace(term, low=end, high=end, mode="reset", every=(0.0, 0.0))
        drawn = Randomization(terms=(there,)).draw(simulation, Dice(0, 1))
        apply(simulation, drawn, np.array([robot]))


def _drive(simulation: Simulation, task: Task) -> tuple[Array, Array, Array]:
    """Run all three robots; true angles, heights and sensed signals, each `(T, 3, k)`."""
    same = Dice(0, 1).of(np.zeros(3, dtype=np.intp))
    simulation.wire.dice = same
    if simulation.bumps is not None:
        simulation.bumps.dice = Dice(1, 1).of(np.zeros(3, dtype=np.intp))
    spec, everyone = simulation.spec, np.arange(3)
    simulation.reset(everyone, Start(position=np.tile(spec.column("default"), (3, 1))))
    plan = task.plan(Dice(0, 1).of(np.zeros(3, dtype=np.intp)))
    contract, joints = task.contract(spec), len(spec.joints)
    action = np.zeros((3, joints))
    motion, height, sensed = [], [], []
    for tick in range(round(SECONDS * spec.rate)):
        seen = {**simulation.observe(), "last_action": action}
        time = np.full(3, tick / spec.rate)
        signals = task.signals(plan, time, seen)
        action = np.tile(_swing(tick / spec.rate, joints), (3, 1))
        simulation.step(contract.act(action, signals))
        truth = simulation.truth()
        motion.append(truth["true_position"])
        height.append(truth.get("true_height", np.zeros((3, 1))))
        names = list(simulation.sense())
        sensed.append(np.concatenate([seen[name] for name in names], axis=1))
    return np.array(motion), np.array(height)[..., 0], np.array(sensed)


def _swing(time: float, joints: int) -> Array:
    """Actions that wave gently, and from half-time on jump from end to end, `(nj,)`."""
    wave = np.sin(2.0 * np.pi * (0.7 * time + np.arange(joints) / 7.0))
    return np.asarray(0.3 * wave if time < 0.5 * SECONDS else np.sign(wave))


def _fields(simulation: Simulation) -> dict[str, Array]:
    """Every field of the model that differs between simulations."""
    found = {}
    for name in set(MODEL_FIELDS) - LIVE:
        values = simulation.batch.expanded(name)
        if values is not None:
            found[name] = np.array(values)
    return {**found, **{name: simulation.values(name).copy() for name in simulation.parameters}}


def _same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    """Whether fields that both have are equal; a field not expanded before has its nominal bits."""
    return all(np.array_equal(one[name], other[name]) for name in one.keys() & other.keys())


def _follows(simulation: Simulation, robot: int) -> bool:
    """Whether MuJoCo, asked to derive its constants anew, finds them as they are."""
    model = simulation.batch.get_model(robot)
    before = {name: np.array(getattr(model, name)) for name in _DERIVED}
    mujoco.mj_setConst(model, mujoco.MjData(model))
    return all(np.allclose(before[n], getattr(model, n), rtol=1e-9, atol=1e-12) for n in _DERIVED)


_DERIVED: Sequence[str] = (
    "body_subtreemass",
    "body_invweight0",
    "dof_M0",
    "dof_invweight0",
    "tendon_length0",
    "tendon_invweight0",
    "actuator_acc0",
)
"""Fields that mj_setConst computes from masses, inertias, frames and armatures."""


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
