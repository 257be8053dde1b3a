"""`audit`: proof, by stepping the simulator, that every term of a randomization does something."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from mujoco.batch import MODEL_FIELDS
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start, Task
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

SECONDS = 3.0
"""How long each robot is driven [s]."""
LIVE = {"dof_frictionloss", "geom_size", "geom_rbound"}
"""Fields that follow the motion at every step, and so differ from reset to reset."""
NOTICED = 1e-6
"""Change of motion [rad] or of what is sensed [its unit] below which a term does nothing."""


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
        if not np.isfinite([self.motion, self.base, self.sensed]).all():
            return "makes the physics explode"
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
    terms, config = randomization.terms, SimulationConfig().having(randomization.names)
    simulation = Simulation(spec, 1 + 2 * len(terms), config)
    randomization.check(simulation)
    nominal = _fields(simulation)
    _put(simulation, terms)
    first = _fields(simulation)
    motion, height, sensed = _drive(simulation, task)
    _put(simulation, terms)
    second = _fields(simulation)
    settled = [_follows(simulation, robot) for robot in range(simulation.n)]
    _take_back(simulation, terms)
    after = _fields(simulation)
    alike = _alike(first, second) & _alike(nominal, after)
    spread = sensed[:, 0].std(axis=0) + 1e-3
    changes = _rms(motion - motion[:, :1]), _rms((sensed - sensed[:, :1]) / spread)
    heights = np.abs(height - height[:, :1]).max(axis=0)
    found = []
    for i, term in enumerate(terms):
        ends = [1 + 2 * i, 2 + 2 * i]
        moved, told, lifted = (float(v[ends].max()) for v in (*changes, heights))
        found.append(
            Finding(
                term=term,
                motion=moved,
                base=lifted,
                sensed=told,
                repeats=bool(alike[ends].all()),
                settled=all(settled[robot] for robot in ends),
            )
        )
    return found


def _put(simulation: Simulation, terms: Sequence[Term]) -> None:
    """Give two robots each term's lower and upper end, as a reset would."""
    for i, term in enumerate(terms):
        for robot, end in ((1 + 2 * i, term.low), (2 + 2 * i, term.high)):
            there = replace(term, low=end, high=end, mode="reset", every=(0.0, 0.0))
            drawn = Randomization(terms=(there,)).draw(simulation, Dice(0, 1))
            simulation.give(drawn, np.array([robot]))


def _take_back(simulation: Simulation, terms: Sequence[Term]) -> None:
    everyone = np.arange(simulation.n)
    for name in {term.parameter for term in terms}:
        simulation.set(name, simulation.nominal(name), everyone)
    simulation.settle(everyone)


def _drive(simulation: Simulation, task: Task) -> tuple[Array, Array, Array]:
    """Run all robots; true angles `(T, n, nj)`, heights `(T, n)`, sensed signals `(T, n, k)`."""
    n, spec = simulation.n, simulation.spec
    alike = np.zeros(n, dtype=np.intp)
    simulation.wire.dice = Dice(0, 1).of(alike)
    if simulation.bumps is not None:
        simulation.bumps.dice = Dice(1, 1).of(alike)
    simulation.reset(np.arange(n), Start(position=np.tile(spec.column("default"), (n, 1))))
    plan = task.plan(Dice(0, 1).of(alike))
    contract, joints = task.contract(spec), len(spec.joints)
    action = np.zeros((n, joints))
    motion, height, sensed = [], [], []
    for tick in range(round(SECONDS * spec.rate)):
        seen = {**simulation.observe(), "last_action": action}
        signals = task.signals(plan, np.full(n, tick / spec.rate), seen)
        action = np.tile(_swing(tick / spec.rate, joints), (n, 1))
        simulation.step(contract.act(action, signals))
        truth = simulation.truth()
        motion.append(truth["true_position"])
        height.append(truth.get("true_height", np.zeros((n, 1)))[:, 0])
        sensed.append(np.concatenate([seen[name] for name in simulation.sense()], axis=1))
    return np.array(motion), np.array(height), np.array(sensed)


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


def _alike(one: dict[str, Array], other: dict[str, Array]) -> NDArray[np.bool_]:
    """Robots whose fields have the same bits, `(n,)`; one not expanded before had its nominal."""
    rows = [
        (one[name] == other[name]).reshape(len(one[name]), -1).all(axis=1)
        for name in one.keys() & other.keys()
    ]
    return np.asarray(np.all(rows, axis=0))


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


def _rms(values: Array) -> Array:
    """Root mean square over time and channels, `(T, n, k)` to `(n,)`."""
    return np.asarray(np.sqrt(np.mean(np.square(values), axis=(0, 2))))
