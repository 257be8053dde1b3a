"""Laws of an error tally: a robot counts for as long as it has not failed."""

import numpy as np
import pytest

from ashore.envs.error_tally import ErrorTally
from ashore.envs.evaluate import Course, evaluate, one_episode
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

SPEC, RANGES = RobotSpec.load("servo"), Randomization.load("servo")
TASK = make_task("swing_up", SPEC)
CONTRACT = TASK.contract(SPEC)


def reckless():
    """What one robot of eight breaks by, from its hundredth step on."""
    calls = []

    def act(seen):
        action = np.zeros((len(seen), 1), np.float32)
        calls.append(len(seen))
        action[2] = np.nan if len(calls) > 100 else 0.0
        return action

    return act


def test_a_robot_counts_until_it_fails_and_all_together_are_what_evaluation_says():
    config = EnvConfig(robots=8, seed=3, stagger=False)
    env = SimulationVecEnv(SPEC, TASK, CONTRACT, RANGES, config)
    tally, steps = ErrorTally(env, 1.0), env.episode_ticks - 1
    _, failed = one_episode(env, reckless(), steps, tally.note)
    settled = round(SPEC.rate)
    assert np.flatnonzero(failed).tolist() == [2]
    assert tally.lived[2] == 100 - settled
    assert (np.delete(tally.lived, 2) == steps - settled).all()
    course = Course(spec=SPEC, task=TASK, source=RANGES, robots=8, seed=3)
    whole = evaluate(reckless(), CONTRACT, course).errors
    for name, means in tally.means().items():
        assert np.isfinite(means).all()
        assert np.average(means, weights=tally.lived) == pytest.approx(whole[name])


def test_an_episode_that_never_settled_has_no_error():
    env = SimulationVecEnv(SPEC, TASK, CONTRACT, RANGES, EnvConfig(robots=2, stagger=False))
    tally = ErrorTally(env, 1.0)
    one_episode(env, lambda seen: np.zeros((len(seen), 1), np.float32), 20, tally.note)
    assert (tally.lived.tolist(), tally.means()) == ([0, 0], {})
