"""Laws of evaluation: two policies under one seed meet the same robots and commands."""

import numpy as np
import pytest

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

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


def test_errors_are_what_people_would_measure_after_the_first_second():
    still = evaluate(constant(0.0), CONTRACT, course())
    (name, hanging), *others = still.errors.items()
    # left alone the load hangs, half a turn from upright, but for what it was begun with
    assert (name, others) == ("angle from upright [rad]", [])
    assert 2.5 < hanging < np.pi
    ticks = round(TASK.episode * SPEC.rate) - 1
    assert still.steps == 8 * ticks


def test_an_error_counts_for_as_long_as_a_robot_has_not_failed():
    spec = RobotSpec.load("quadruped")
    walk = make_task("walk", spec)
    nobody = Randomization(terms=())
    ground = course(spec=spec, task=walk, source=nobody, robots=2)

    def lie_down(seen):
        return np.full((len(seen), 12), 1.0, np.float32)

    trot = evaluate(lambda seen: np.zeros((len(seen), 12), "f4"), walk.contract(spec), ground)
    fallen = evaluate(lie_down, walk.contract(spec), ground)
    assert not trot.failed.any()
    assert fallen.failed.all()
    assert fallen.steps < 0.5 * trot.steps == 999
    # the trot alone follows most of its command
    assert 0.01 < trot.errors["velocity error [m/s]"] < 0.15
