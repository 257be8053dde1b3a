"""One law: `observe()` agrees bit for bit between batched simulation, robot and replay."""

from pathlib import Path

import numpy as np
import pytest
from bench import SPEC, Bench, small_bundle

from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks.track import Track
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract, Memory
from ashore.hardware.logs.log import Log
from ashore.policies.controller import PolicyController

BUNDLE = small_bundle()
COPIES, ROW = 7, 3


def run_policy(bench: Bench, folder: Path) -> Log:
    """Two short episodes of a policy on the twin."""
    task = Track(SPEC)
    plans = task.plan(Dice(1, 2))
    episodes = [PolicyController(BUNDLE, task, plan) for plan in plans]
    for episode in episodes:
        episode.duration = 1.2
    result, log = bench.run(folder, *episodes)
    assert (result.reason, len(log.policy)) == ("finished", 120)
    return log


def episodes_of(log: Log) -> list[list[int]]:
    """Rows of each episode: a new one begins where the control steps are interrupted."""
    gaps = np.flatnonzero(np.diff(log.policy.time) > 1.5 / SPEC.rate) + 1
    return [rows.tolist() for rows in np.split(np.arange(len(log.policy)), gaps)]


def replayed(contract: Contract, log: Log, copies: int, row: int) -> np.ndarray:
    """Observations built again from logged signals, among strangers in the other rows."""
    rng = np.random.default_rng(0)
    built = []
    for rows in episodes_of(log):
        memory = Memory(contract, copies)
        for tick in rows:
            signals = {}
            for name, values in log.policy.signals.items():
                batch = rng.normal(0.0, 3.0, (copies, values.shape[1]))
                batch[row] = values[tick]
                signals[name] = batch
            built.append(contract.observe(signals, memory)[row])
    return np.array(built)


def test_replay_builds_the_robots_observations_bit_for_bit(bench: Bench, tmp_path: Path) -> None:
    log = run_policy(bench, tmp_path)
    assert len(episodes_of(log)) == 2
    seen = log.policy.observation
    # A law about constants would prove nothing.
    assert (seen.std(axis=0) > 0.0).all()
    assert replayed(BUNDLE.contract, log, 1, 0).tobytes() == seen.tobytes()
    assert replayed(BUNDLE.contract, log, COPIES, ROW).tobytes() == seen.tobytes()


def test_the_policy_run_again_gives_the_logged_actions_bit_for_bit(
    bench: Bench, tmp_path: Path
) -> None:
    log = run_policy(bench, tmp_path)
    policy = BUNDLE.policy
    actions = np.array([policy.act(row[None])[0] for row in log.policy.observation])
    assert actions.tobytes() == log.policy.action.tobytes()
    # And through a bundle that was saved and loaded.
    again = type(BUNDLE).load(BUNDLE.save(tmp_path / "bundle"))
    actions = np.array([again.policy.act(row[None])[0] for row in log.policy.observation])
    assert actions.tobytes() == log.policy.action.tobytes()


def test_the_log_says_which_readings_the_policy_saw(bench: Bench, tmp_path: Path) -> None:
    log = run_policy(bench, tmp_path)
    rows = np.searchsorted(log.readings.time, log.policy.time)
    assert (log.readings.time[rows] == log.policy.time).all()
    for signal, column in (("joint_position", "position"), ("joint_velocity", "velocity")):
        read = getattr(log.readings, column)[rows]
        assert log.policy.signals[signal].tobytes() == read.tobytes()


@pytest.fixture(scope="module")
def simulated() -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
    """Signals of every tick of five simulated robots, and what the environment observed."""
    task = Track(SPEC)
    config = EnvConfig(robots=5, seed=3, stagger=False)
    env = SimulationVecEnv(SPEC, task, BUNDLE.contract, Randomization.load("servo"), config)
    seen, signals = [env.reset()], [copied(env)]
    for _ in range(60):
        env.step_async(BUNDLE.policy.act(seen[-1]))
        seen.append(env.step_wait()[0])
        signals.append(copied(env))
    return signals, np.array(seen)


def copied(env: SimulationVecEnv) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in env.latest.items()}


def test_a_batch_observes_each_of_its_robots_as_if_alone(
    simulated: tuple[list[dict[str, np.ndarray]], np.ndarray],
) -> None:
    signals, seen = simulated
    for robot in range(seen.shape[1]):
        memory = Memory(BUNDLE.contract, 1)
        alone = [
            BUNDLE.contract.observe({k: v[robot : robot + 1] for k, v in tick.items()}, memory)[0]
            for tick in signals
        ]
        assert np.array(alone).tobytes() == seen[:, robot].tobytes()


def test_a_robot_that_senses_what_a_simulated_one_did_observes_the_same_bits(
    simulated: tuple[list[dict[str, np.ndarray]], np.ndarray],
    bench: Bench,
    tmp_path: Path,
) -> None:
    signals, seen = simulated
    ticks = iter(range(len(signals)))

    class Dreaming(Track):
        """The task on a robot whose senses are those of simulated robot 2."""

        def signals(self, plan, time, sensed):
            tick = signals[next(ticks)]
            return {name: value[2:3] for name, value in tick.items()}

    plan = Track(SPEC).plan(Dice(1, 1))[0]
    episode = PolicyController(BUNDLE, Dreaming(SPEC), plan)
    episode.duration = len(signals) / SPEC.rate
    _, log = bench.run(tmp_path, episode)
    assert log.policy.observation.tobytes() == seen[:, 2].tobytes()
    for name, values in log.policy.signals.items():
        assert values.tobytes() == np.array([tick[name][2] for tick in signals]).tobytes()
