"""The benchmark of the whole environment against its own physics, on the quadruped."""

import time
from typing import Any

import numpy as np
from mujoco.batch import MODEL_FIELDS, Batch
from numpy.typing import NDArray

from ashore.envs.physics.robot_model import build_model
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.figure import Row, row

Array = NDArray[np.float64]
Substep = tuple[Array, Array]

ROBOTS = 256
UNIT = "control steps/s"
PEER = "bare mujoco.batch, same robots, substeps and threads"
SIZES = (16, 64, 256, 1024, 4096)
"""Robots of the scaling table."""


def run(short: bool) -> list[Row]:
    """Measure control steps per second of the whole environment, and of bare physics.

    Whole is everything that training asks of it: randomization, delays, noise, observation, reward
    and resets, under small random actions on top of the trot. Bare physics does the very substeps
    that the environment went through, each from its state, torques and friction, on a batch whose
    robots have the same models and that nothing else is done to. Both alternate, and the ratio is
    the median.
    """
    rows = [_row("env_vs_physics_quadruped", *race(ROBOTS, 0, 8 if short else 40))]
    for threads in () if short else (1, 2):
        rows.append(_row(f"env_quadruped_{threads}_threads", *race(ROBOTS, threads, 10)))
    for robots in (16, 1024) if short else SIZES:
        rows.append(_row(f"env_quadruped_{robots}_robots", *race(robots, 0, 3 if short else 8)))
    return rows


def race(robots: int, threads: int, rounds: int) -> tuple[float, float, float]:
    """Let both take turns; control steps/s of each, and the median of their ratios."""
    env = make_env(robots, threads)
    bare = Bare(env)
    period = max(2, min(50, 8192 // robots))
    actions = _actions(env, 3 * period)
    env.reset()
    for action in actions:
        env.step(action)
    speeds = []
    for _ in range(rounds):
        substeps = bare.watch(env, actions[:period])
        began = time.perf_counter()
        for action in actions[period:]:
            env.step(action)
        between = time.perf_counter()
        for state, friction in (*substeps, *substeps):
            bare.step(state, friction)
        seconds = (between - began, time.perf_counter() - between)
        speeds.append([2 * period * robots / each for each in seconds])
    whole, physics = np.array(speeds).T
    return float(np.median(whole)), float(np.median(physics)), float(np.median(whole / physics))


class Bare:
    """The batch of an environment without the environment."""

    def __init__(self, env: SimulationVecEnv) -> None:
        model = build_model(env.spec, backlash=env.simulation.config.backlash)
        self.batch = Batch(model, env.num_envs, env.simulation.config.threads)
        self.friction = self.batch.expand("dof_frictionloss")

    def watch(self, env: SimulationVecEnv, actions: NDArray[np.float32]) -> list[Substep]:
        """Let the environment act, and keep what each of its substeps begins from."""
        kept: list[Substep] = []
        simulation, batch = env.simulation, env.simulation.batch
        self._copy_models(batch)
        simulation.batch = Watched(batch, kept)
        for action in actions:
            env.step(action)
        simulation.batch = batch
        return kept

    def _copy_models(self, batch: Batch) -> None:
        for name in MODEL_FIELDS:
            values = batch.expanded(name)
            if values is not None:
                self.batch.expand(name)[:] = values

    def step(self, state: Array, friction: Array) -> None:
        """Do one substep."""
        self.batch.state[:] = state
        self.friction[:] = friction
        self.batch.step()


class Watched:
    """A batch that keeps what each step begins from."""

    def __init__(self, batch: Batch, kept: list[Substep]) -> None:
        self._batch, self._kept = batch, kept

    def step(self) -> None:
        """Keep state, with the torques in it, and friction; then step."""
        friction = np.array(self._batch.expanded("dof_frictionloss"))
        self._kept.append((np.array(self._batch.state), friction))
        self._batch.step()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)


def make_env(robots: int, threads: int) -> SimulationVecEnv:
    """Build the quadruped's environment, with all that its pretraining varies."""
    spec = RobotSpec.load("quadruped")
    task = make_task("walk", spec)
    config = EnvConfig(robots=robots, simulation=SimulationConfig(threads=threads))
    ranges = Randomization.load("quadruped")
    return SimulationVecEnv(spec, task, task.contract(spec), ranges, config)


def _actions(env: SimulationVecEnv, count: int) -> NDArray[np.float32]:
    rng, shape = np.random.default_rng(0), (count, env.num_envs, env.contract.action_size)
    return rng.uniform(-0.3, 0.3, shape).astype(np.float32)


def _row(name: str, value: float, peer_value: float, ratio: float) -> Row:
    return row(name, value, UNIT, PEER, peer_value, ratio)
