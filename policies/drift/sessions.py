"""`Sessions`: what simulated robots sensed under a policy, over several episodes each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Source
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.task import Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.policies.bundle import Bundle
from ashore.policies.drift.watch import SENSED

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Kept:
    """Robots of a source that stay who they are from episode to episode."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._robots: dict[str, NDArray[np.float64]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that it draws."""
        return self._source.names

    @property
    def changing(self) -> tuple[Term, ...]:
        """What changes while an episode runs."""
        return self._source.changing

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, NDArray[np.float64]]:
        """Draw the robots the first time, and return the same ones from then on."""
        if self._robots is None:
            self._robots = self._source.draw(world, dice)
        return self._robots


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Sensors of `n` robots over `T` control steps, several episodes in a row."""

    sensed: Floats
    """The signals of `SENSED` that the robot has, in a row, `(T, n, k)`."""
    asked: Floats
    """The signals that the plan and the clock alone decide, in a row, `(T, n, e)`."""
    action: Floats
    """Actions, `(T, n, na)`."""
    elapsed: NDArray[np.float64]
    """Time since the episode's start, `(T,)` [s]."""
    alive: Mask
    """Whether the robot's episode is still on, `(T, n)`."""
    names: tuple[tuple[str, ...], tuple[str, ...]]
    """Names of the signals that were sensed, and of those that were asked for."""


def simulate(
    bundle: Bundle, task: Task, source: Source, robots: int, episodes: int, seed: int
) -> Sessions:
    """Let a bundle's policy do some episodes on each of `robots` robots from `source`."""
    config = EnvConfig(robots=robots, seed=seed, stagger=False, heard=SENSED)
    env = SimulationVecEnv(bundle.spec, task, bundle.contract, Kept(source), config)
    env.reset()
    sensed = tuple(name for name in SENSED if name in env.latest)
    asked = asked_signals(env, task)
    steps = env.episode_ticks - 1
    rows: dict[str, list[Floats]] = {"sensed": [], "asked": [], "action": []}
    alive = []
    for _ in range(episodes):
        observation, on = env.reset(), np.ones(robots, dtype=np.bool_)
        for _ in range(steps):
            action = bundle.policy.act(observation)
            rows["sensed"].append(_row(env, sensed))
            rows["asked"].append(_row(env, asked))
            rows["action"].append(np.clip(action, -1.0, 1.0))
            alive.append(on.copy())
            observation, _, ended = env.advance(action)
            on &= ~(ended | env.damaged())
    return Sessions(
        **{name: np.stack(values) for name, values in rows.items()},
        elapsed=np.tile(np.arange(steps) / bundle.spec.rate, episodes),
        alive=np.stack(alive),
        names=(sensed, asked),
    )


def asked_signals(env: SimulationVecEnv, task: Task) -> tuple[str, ...]:
    """Names of the contract's signals that do not depend on what the robot senses."""
    one = {**env.simulation.sense(), "last_action": env.last_action}
    other = {name: value + 0.1 for name, value in one.items()}
    time = np.linspace(1.0, 2.0, env.num_envs)
    found, moved = (task.signals(env.plan, time, sensed) for sensed in (one, other))
    names = dict.fromkeys(term.signal for term in env.contract.terms)
    return tuple(name for name in names if np.array_equal(found[name], moved[name]))


def _row(env: SimulationVecEnv, names: tuple[str, ...]) -> Floats:
    empty = np.zeros((env.num_envs, 0))
    row = np.concatenate([empty, *(env.latest[name] for name in names)], axis=1)
    return row.astype(np.float32)
