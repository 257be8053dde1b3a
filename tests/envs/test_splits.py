"""One law: threads, and how robots are split over environments, change no bit of anything."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

ROBOTS, STEPS = 12, 40


def often(randomization):
    """The same ranges, with pushes that come within the short time of the test."""
    terms = randomization.terms
    return replace(
        randomization,
        terms=tuple(
            replace(t, every=(0.1, 0.3)) if t.mode == "interval" else t for t in terms
        ),
    )


def course(robot, first, n, threads):
    """Observations, rewards and endings of robots `first` to `first + n - 1`, `(STEPS, n, k)`."""
    spec = RobotSpec.load(robot)
    task = make_task(spec.task, spec)
    config = EnvConfig(
        robots=n, first=first, seed=3, simulation=SimulationConfig(threads=threads)
    )
    ranges = often(Randomization.load(robot))
    env = SimulationVecEnv(spec, task, task.contract(spec), ranges, config)
    seen = [np.concatenate([env.reset(), np.zeros((n, 2))], axis=1)]
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (STEPS, ROBOTS, len(spec.joints)))
    for tick, action in enumerate(actions):
        if tick == STEPS // 2:  # episodes end, of different robots in different environments
            chosen = np.arange(first, first + n) % 3 == 0
            env.ticks[chosen] = env.episode_ticks - 1
        observation, reward, done, _ = env.step(action[first : first + n].astype(np.float32))
        seen.append(np.concatenate([observation, reward[:, None], done[:, None]], axis=1))
    return np.array(seen)


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["servo", "arm", "quadruped"])
def test_neither_threads_nor_splits_change_a_bit(robot):
    whole = course(robot, 0, ROBOTS, 1)
    assert np.isfinite(whole).all()
    assert whole[:, :, -1].any()
    assert course(robot, 0, ROBOTS, 2).tobytes() == whole.tobytes()
    for first, n in ((0, 5), (5, 1), (6, 6)):
        assert course(robot, first, n, 2).tobytes() == whole[:, first : first + n].tobytes()
