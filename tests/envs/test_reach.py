"""Laws of reaching: plans that can be carried out, a way without jumps, a reward of one."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import TaskError
from ashore.envs.tasks.reach import PERIOD, TARGETS, Reach
from ashore.envs.tasks.task import total
from ashore.hardware.contract import Memory
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("arm")
TASK = Reach(SPEC)
JOINTS = len(SPEC.joints)
CALM = np.full((1, JOINTS), 0.3)
OFF_GRIPPER = np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.15]])


def ways(n, seed=0, step=0.02):
    """Plans and the angles asked for all along them, `(n, 18)` and `(T, n, 6)`."""
    plan = TASK.plan(Dice(seed, n))
    times = np.arange(0.0, TASK.episode + step, step)
    return plan, np.array([TASK.reference(plan, np.full(n, t)) for t in times])


def sensed(position):
    rng = np.random.default_rng(0)
    still = rng.normal(0.0, 0.1, position.shape)
    return {"joint_position": position, "joint_velocity": still, "last_action": 0.0 * position}


def earned(position, plan, time):
    signals = TASK.signals(plan, np.full(1, time), sensed(position))
    return total(TASK.reward(signals, CALM, CALM)).item()


def at_rest():
    """A plan of one episode and the pose at its first target."""
    plan = TASK.plan(Dice(3, 1))
    return plan, TASK.reference(plan, np.full(1, PERIOD - 0.01))


def test_following_the_way_with_a_steady_action_earns_one():
    plan, rows = ways(1, seed=2, step=0.31)
    for i, row in enumerate(rows):
        assert earned(row, plan, 0.31 * i) == pytest.approx(1.0)


def test_a_tip_one_centimetre_off_earns_what_the_formula_says():
    # 0.9 (0.6 exp(-1) + 0.4 exp(-1 / 36)) + 0.1 = 0.6488
    signals = {"tip_error": np.array([[0.006, 0.0, -0.008]]), "joint_error": np.zeros((1, JOINTS))}
    assert total(TASK.reward(signals, CALM, CALM)).item() == pytest.approx(0.6488, abs=1e-4)


def test_a_gripper_off_by_its_tolerance_loses_its_share():
    plan, pose = at_rest()
    # 1 - 0.1 (1 - exp(-1)) = 0.9368; the gripper does not move the tip.
    assert earned(pose + OFF_GRIPPER, plan, PERIOD - 0.01) == pytest.approx(0.9368, abs=1e-4)


def test_the_further_off_the_less_is_earned():
    plan, pose = at_rest()
    lift = np.array([[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
    gains = [earned(pose + off * lift, plan, PERIOD - 0.01) for off in (0.0, 0.01, 0.05, 0.2, 0.8)]
    assert (np.diff(gains) < -0.005).all()
    assert gains[-1] < 0.15


def test_a_jerky_action_costs():
    signals = {"tip_error": np.zeros((1, 3)), "joint_error": np.zeros((1, JOINTS))}
    assert total(TASK.reward(signals, CALM, -CALM)) < total(TASK.reward(signals, CALM, CALM))


def test_the_reward_needs_only_what_a_robot_can_sense():
    plan, pose = at_rest()
    signals = TASK.signals(plan, np.zeros(1), sensed(pose))
    assert not [name for name in signals if name.startswith("true_")]
    assert np.isfinite(total(TASK.reward(signals, CALM, CALM))).all()


def test_an_episode_begins_at_the_default_pose_and_rests_at_every_target():
    plan, rows = ways(200)
    assert np.array_equal(rows[0], np.tile(SPEC.column("default"), (200, 1)))
    for k in range(TARGETS):
        arrived = TASK.reference(plan, np.full(200, (k + 1) * PERIOD - 1e-9))
        assert arrived == pytest.approx(plan.reshape(200, TARGETS, JOINTS)[:, k], abs=1e-6)


def test_the_way_never_jumps_nor_outruns_the_servos():
    _, rows = ways(500)
    # An STS3215 runs free at 4.7 rad/s.
    assert np.abs(np.diff(rows, axis=0)).max() / 0.02 < 3.0


def test_every_way_stays_within_the_limits_and_clear_of_table_and_base():
    _, rows = ways(500, step=0.05)
    flat = rows.reshape(-1, JOINTS)
    assert (flat >= SPEC.column("lower")).all()
    assert (flat <= SPEC.column("upper")).all()
    places = TASK.screws.places(flat)
    assert places[:, :, 2].min() > 0.03
    outer = np.hypot(places[:, :3, 0], places[:, :3, 1])
    assert outer.min() > 0.07


def test_targets_spread_over_the_space_in_front_of_the_arm():
    poses = TASK.plan(Dice(0, 500)).reshape(-1, JOINTS)
    x, y, z = TASK.screws.tip(poses).T
    assert np.percentile(np.hypot(x, y), [5, 95]) == pytest.approx([0.19, 0.38], abs=0.03)
    assert np.percentile(y, [5, 95]) == pytest.approx([-0.26, 0.26], abs=0.06)
    assert np.percentile(z, [5, 95]) == pytest.approx([0.06, 0.41], abs=0.03)
    assert x.min() > 0.0


def test_targets_of_an_episode_differ():
    poses = TASK.plan(Dice(0, 500)).reshape(500, TARGETS, JOINTS)
    assert (np.abs(np.diff(poses, axis=1)).max(axis=2) > 0.0).mean() > 0.99


def test_a_plan_belongs_to_the_robot_not_to_its_batch():
    together = TASK.plan(Dice(5, 8))
    assert TASK.plan(Dice(5, 1, first=3)).tobytes() == together[3].tobytes()


def test_signals_and_reward_have_the_same_bits_alone_and_in_a_batch():
    n, rng = 23, np.random.default_rng(1)
    plan, time = TASK.plan(Dice(1, n)), rng.uniform(0.0, TASK.episode, n)
    felt = sensed(TASK.reference(plan, time) + rng.normal(0.0, 0.05, (n, JOINTS)))
    action = rng.uniform(-1.0, 1.0, (n, JOINTS))
    together = TASK.signals(plan, time, felt)
    reward = total(TASK.reward(together, action, 0.5 * action))
    for i in range(n):
        one = slice(i, i + 1)
        alone = TASK.signals(plan[one], time[one], {k: v[one] for k, v in felt.items()})
        assert all(alone[k].tobytes() == together[k][one].tobytes() for k in together)
        mine = total(TASK.reward(alone, action[one], 0.5 * action[one]))
        assert mine.tobytes() == reward[one].tobytes()


def test_action_zero_asks_for_the_way_and_action_one_for_a_quarter_radian_more():
    contract = TASK.contract(SPEC)
    plan, pose = at_rest()
    signals = TASK.signals(plan, np.full(1, PERIOD - 0.01), sensed(pose))
    assert contract.observe(signals, Memory(contract, 1)).shape == (1, contract.observation_size)
    assert contract.act(np.zeros((1, JOINTS)), signals) == pytest.approx(pose)
    moved = contract.act(np.ones((1, JOINTS)), signals)
    assert moved == pytest.approx(np.minimum(pose + 0.25, SPEC.column("upper")))


def test_a_start_is_near_the_default_pose_and_within_the_limits():
    start = TASK.start(Dice(5, 300)).position
    assert np.abs(start - SPEC.column("default")).max() <= 0.05
    assert (start >= SPEC.column("lower")).all()
    assert (start <= SPEC.column("upper")).all()


def test_slices_part_the_plans_into_halves():
    masks = TASK.slices(TASK.plan(Dice(2, 400)))
    for one, other in (("near", "far"), ("low", "high"), ("left", "right")):
        assert np.array_equal(masks[one], ~masks[other])
        assert masks[one].mean() == pytest.approx(0.5, abs=0.15)


def test_nobody_fails():
    plan, pose = at_rest()
    assert not TASK.ends(TASK.signals(plan, np.zeros(1), sensed(pose))).any()


def test_a_robot_without_an_arm_is_refused():
    with pytest.raises(TaskError, match="'arm' has no arm to reach with; describe it"):
        Reach(replace(SPEC, arm=None))
