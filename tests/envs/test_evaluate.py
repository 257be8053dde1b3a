"""Laws of evaluation: two policies under one seed meet the same robots and commands."""

import numpy as np
import pytest

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
TASK = make_task("swing_up", SPEC)
CONTRACT = TASK.contract(SPEC)


def course(**changed):
    source = Randomization.load("servo")
    parts = {"spec": SPEC, "task": TASK, "source": source, "robots": 8, "seed": 3}
    return Course(**{**parts, **changed})


def constant(value):
    return lambda seen: np.full((len(seen), 1), value, np.float32)


def test_a_seed_fixes_robots_plans_and_noise():
    one, two = (evaluate(constant(0.2), CONTRACT, course()) for _ in range(2))
    assert np.array_equal(one.reward, two.reward)
    other = evaluate(constant(0.2), CONTRACT, course(seed=4))
    assert not np.array_equal(one.reward, other.reward)


def test_a_policy_does_not_change_what_is_asked_of_the_next():
    track = make_task("track", SPEC)
    contract = track.contract(SPEC)
    plans = [
        evaluate(constant(value), contract, course(task=track, robots=4)).plan
        for value in (0.0, 1.0)
    ]
    assert np.array_equal(*plans)


def test_a_robot_that_diverges_earns_nothing_from_then_on_and_spoils_no_mean():
    calls = []

    def reckless(seen):
        action = np.zeros((len(seen), 1), np.float32)
        calls.append(len(seen))
        action[2] = np.nan if len(calls) > 150 else 0.0
        return action

    calm = evaluate(constant(0.0), CONTRACT, course())
    wild = evaluate(reckless, CONTRACT, course())
    others = np.arange(8) != 2
    assert wild.reward[others] == pytest.approx(calm.reward[others], abs=1e-12)
    assert np.isfinite(wild.reward).all()
