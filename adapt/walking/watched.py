"""`Watched`: what simulated robots sensed while a policy drove them, as a log would hold it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks.task import Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract, Memory, ObservationTerm
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

ACTION = "last_action"
CURRENT = "joint_current"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Sensors of `n` robots over `T` control steps, each in an episode of its own."""

    seen: Floats
    """What `sight` makes of each step, `(n, T, k)`."""
    observation: Floats
    """What the policy saw of it, `(n, T, no)`."""
    angle: Floats
    """Measured joint angles, `(n, T, nj)` [rad]."""
    goal: Floats
    """What the joints were told, `(n, T, nj)` [rad]."""
    lived: NDArray[np.intp]
    """Steps until it fell or the time was over, `(n,)`."""
    plan: Array
    """The episodes' plans, `(n, p)`."""


def sight(bundle: Bundle) -> Contract:
    """Return a contract of what is read of each step: the policy's own terms, and the currents.

    Each term as it is now; what it was before is in the steps before.
    """
    contract, joints = bundle.contract, len(bundle.spec.joints)
    terms = [replace(term, history=1, delay=0) for term in contract.terms]
    if CURRENT not in {term.signal for term in terms}:
        terms.append(ObservationTerm(signal=CURRENT, size=joints))
    return replace(contract, terms=tuple(terms), context=(), mean=(), std=())


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Which robots are watched, for how long."""

    source: Source
    """Where they come from."""
    robots: int
    """How many."""
    ticks: int
    """Control steps of each."""
    seed: int
    """Seed of all draws."""
    plans: Array | None = None
    """Plans of the episodes, in turn; None to draw them."""


def watch(bundle: Bundle, task: Task, cast: Cast) -> tuple[Watched, SimulationVecEnv]:
    """Let the policy drive robots of a cast, and note what they sense.

    Returns:
        What was sensed, and the robots, whose parameters can still be read.
    """
    heard = tuple(term.signal for term in sight(bundle).terms)
    config = EnvConfig(
        robots=cast.robots, seed=cast.seed, stagger=False, plans=cast.plans, heard=heard
    )
    env = SimulationVecEnv(bundle.spec, task, bundle.contract, cast.source, config)
    looking = sight(bundle)
    memory = Memory(looking, cast.robots)
    shape = (cast.robots, cast.ticks)
    seen = np.zeros((*shape, looking.observation_size), np.float32)
    angle = np.zeros((*shape, len(bundle.spec.joints)), np.float32)
    goal = np.zeros_like(angle)
    given = np.zeros((*shape, bundle.contract.observation_size), np.float32)
    lived = np.zeros(cast.robots, dtype=np.intp)
    alive = np.ones(cast.robots, dtype=np.bool_)
    observation = env.reset()
    for tick in range(cast.ticks):
        seen[:, tick] = looking.observe(env.latest, memory)
        angle[:, tick] = env.latest["joint_position"]
        given[:, tick] = observation
        lived += alive
        action = bundle.policy.act(observation)
        goal[:, tick] = bundle.contract.act(action, env.latest)
        observation, _, ended = env.advance(action)
        alive &= ~(ended | env.damaged())
    found = Watched(
        seen=seen, observation=given, angle=angle, goal=goal, lived=lived, plan=env.plan.copy()
    )
    return found, env
