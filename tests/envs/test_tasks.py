"""Laws of the tasks: a plan decides everything, and one is perfect."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import TaskError
from ashore.envs.tasks import make_task
from ashore.envs.tasks.swing_up import SwingUp
from ashore.envs.tasks.task import total
from ashore.envs.tasks.track import Track
from ashore.hardware.spec import RobotSpec

JOINTS = 2
SERVO = RobotSpec.load("servo")
PAIR = replace(
    SERVO, joints=tuple(replace(SERVO.joints[0], name=f"joint{i}", id=i) for i in (1, 2))
)
"""A robot of two joints, as far as a task must know it."""


@pytest.fixture(params=["track", "swing_up"])
def task(request):
    return make_task(request.param, PAIR)


def sensed(rng, n):
    shape = (n, JOINTS)
    return {
        "joint_position": rng.normal(size=shape),
        "joint_velocity": rng.normal(size=shape),
        "last_action": rng.uniform(-1.0, 1.0, shape),
    }


def test_tracking_perfectly_with_a_steady_action_earns_one():
    task, action = Track(PAIR), np.full((5, JOINTS), 0.3)
    rng = np.random.default_rng(0)
    plan, time = task.plan(Dice(0, 5)), rng.uniform(0.0, 10.0, 5)
    still = {"joint_position": task.target(plan, time), "joint_velocity": np.zeros((5, JOINTS))}
    reward = total(task.reward(task.signals(plan, time, still), action, action))
    assert reward == pytest.approx(np.ones(5))


def test_a_tracking_error_of_a_tolerance_earns_one_over_e():
    task, action = Track(SERVO), np.zeros((1, 1))
    plan, time = task.plan(Dice(0, 1)), np.array([4.0])
    off = {"joint_position": task.target(plan, time) + 0.1, "joint_velocity": np.zeros((1, 1))}
    reward = total(task.reward(task.signals(plan, time, off), action, action))
    assert reward == pytest.approx(np.exp(-1.0))


def test_standing_upright_at_rest_earns_one_and_hanging_nothing():
    task, action = SwingUp(SERVO), np.zeros((3, 1))
    angle = {"joint_position": np.array([[np.pi], [-np.pi], [0.0]]), "joint_velocity": action}
    reward = total(task.reward(task.signals(np.zeros((3, 1)), np.zeros(3), angle), action, action))
    assert reward == pytest.approx([1.0, 1.0, 0.0])


def test_a_jerky_action_costs(task):
    rng = np.random.default_rng(0)
    signals = task.signals(task.plan(Dice(0, 4)), np.full(4, 2.0), sensed(rng, 4))
    calm = total(task.reward(signals, np.ones((4, JOINTS)), np.ones((4, JOINTS))))
    jerky = total(task.reward(signals, np.ones((4, JOINTS)), -np.ones((4, JOINTS))))
    assert (jerky < calm).all()


def test_no_reward_is_above_one(task):
    rng = np.random.default_rng(0)
    signals = task.signals(task.plan(Dice(0, 500)), rng.uniform(0, 10, 500), sensed(rng, 500))
    action = rng.uniform(-1.0, 1.0, (500, JOINTS))
    assert (total(task.reward(signals, action, action)) <= 1.0).all()


def test_a_plan_and_a_time_determine_the_target():
    task = Track(PAIR)
    plan, time = task.plan(Dice(3, 8)), np.linspace(0.0, 9.0, 8)
    first = task.target(plan, time)
    task.plan(Dice(4, 100))
    assert np.array_equal(Track(PAIR).target(plan, time), first)
    assert len({row.tobytes() for row in task.target(plan, np.full(8, 3.0))}) == 8


def test_an_episode_begins_at_the_default_pose_without_a_jump():
    task = Track(PAIR)
    plan = task.plan(Dice(3, 8))
    assert np.abs(task.target(plan, np.zeros(8))).max() == 0.0
    assert np.abs(task.target(plan, np.full(8, 0.02))).max() < 0.01


def test_the_targets_velocity_is_its_slope():
    # c = 0, one sine of 0.5 rad at 0.5 Hz; at t = 2 s its slope is 0.5 * 2 pi * 0.5 = pi / 2
    plan = np.array([[0.0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.0]])
    zero = {"joint_position": np.zeros((1, 1)), "joint_velocity": np.zeros((1, 1))}
    seen = Track(SERVO).signals(plan, np.array([2.0]), zero)
    assert seen["target"].item() == pytest.approx(0.0, abs=1e-12)
    assert seen["target_velocity"].item() == pytest.approx(np.pi / 2.0, abs=1e-3)


def test_signals_are_the_same_alone_and_in_a_batch(task):
    rng = np.random.default_rng(1)
    plan, time, felt = task.plan(Dice(0, 20)), rng.uniform(0.0, 10.0, 20), sensed(rng, 20)
    together = task.signals(plan, time, felt)
    for i in range(20):
        one = slice(i, i + 1)
        alone = task.signals(plan[one], time[one], {k: v[one] for k, v in felt.items()})
        assert alone.keys() == together.keys()
        assert all(np.array_equal(alone[k], together[k][one]) for k in alone)


def test_slices_cover_every_plan(task):
    plan = task.plan(Dice(2, 200))
    masks = task.slices(plan)
    assert np.any(list(masks.values()), axis=0).all()
    assert all(mask.any() and mask.shape == (200,) for mask in masks.values())


def test_slow_and_fast_and_small_and_large_part_the_plans():
    masks = Track(PAIR).slices(Track(PAIR).plan(Dice(2, 200)))
    for one, other in (("slow", "fast"), ("small", "large")):
        assert np.array_equal(masks[one], ~masks[other])


def test_a_start_is_within_the_joints_limits(task):
    start = task.start(Dice(5, 300))
    assert start.position.shape == (300, JOINTS)
    assert np.abs(start.position).max() <= 3.4


def test_an_unknown_task_hears_which_exist():
    with pytest.raises(TaskError, match="no task 'fly'; there are: track, swing_up, walk, reach"):
        make_task("fly", SERVO)
