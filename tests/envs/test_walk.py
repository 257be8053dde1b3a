"""Laws of walking: a plan decides everything, one is perfect, and only a fall costs."""

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import TaskError
from ashore.envs.tasks.task import total
from ashore.envs.tasks.walk import FASTEST, SLOWEST, Walk
from ashore.hardware.contract import Memory
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")
TASK = Walk(SPEC)
STILL = np.zeros((1, 12))


def plan_of(*commands, phase=0.0):
    return np.array([[*np.ravel(commands), phase]], dtype=np.float64)


def sensed(rng, n):
    return {
        "joint_position": rng.normal(size=(n, 12)),
        "joint_velocity": rng.normal(size=(n, 12)),
        "imu_gyro": rng.normal(size=(n, 3)),
        "imu_gravity": rng.normal(size=(n, 3)),
        "last_action": rng.uniform(-1.0, 1.0, (n, 12)),
        "true_velocity": rng.normal(size=(n, 3)),
        "true_gyro": rng.normal(size=(n, 3)),
        "true_gravity": rng.normal(size=(n, 3)),
        "true_height": rng.uniform(0.0, 0.3, (n, 1)),
    }


def on_command(signals):
    """The same signals of a robot that moves as it was told, level and at its height."""
    zero = np.zeros((len(signals["command"]), 1))
    vx, vy, yaw = np.split(signals["command"], 3, axis=1)
    return {
        **signals,
        "true_velocity": np.concatenate([vx, vy, zero], axis=1),
        "true_gyro": np.concatenate([zero, zero, yaw], axis=1),
        "true_gravity": np.concatenate([zero, zero, zero - 1.0], axis=1),
        "true_height": zero + 0.17,
    }


def episodes(seed=0, n=200):
    rng = np.random.default_rng(seed)
    plan = TASK.plan(Dice(seed, n))
    return TASK.signals(plan, rng.uniform(0.0, TASK.episode, n), sensed(rng, n))


def test_doing_as_told_with_the_trot_alone_earns_one():
    signals, action = on_command(episodes()), np.zeros((200, 12))
    assert total(TASK.reward(signals, action, action)) == pytest.approx(np.ones(200))


def test_an_error_of_a_tolerance_leaves_one_over_e_of_that_term():
    signals = on_command(episodes(n=1))
    signals["true_velocity"] = signals["true_velocity"] + [[0.0, 0.12, 0.0]]
    signals["true_gyro"] = signals["true_gyro"] + [[0.0, 0.0, 0.5]]
    terms = TASK.reward(signals, STILL, STILL)
    assert terms["velocity"] == pytest.approx(2.0 / 3.0 / np.e)
    assert terms["yaw"] == pytest.approx(1.0 / 3.0 / np.e)


def test_an_instant_on_its_feet_never_costs_and_a_fall_costs_five():
    signals = episodes()
    signals["true_gyro"] = 20.0 * signals["true_gyro"]
    fallen = TASK.ends(signals)
    reward = total(TASK.reward(signals, np.ones((200, 12)), -np.ones((200, 12))))
    assert 0 < fallen.sum() < 200
    assert reward[~fallen] == pytest.approx(0.0, abs=1e-12)
    assert reward[fallen] == pytest.approx(-5.0, abs=1e-12)


def test_no_reward_is_above_one():
    signals, rng = episodes(), np.random.default_rng(1)
    action = rng.uniform(-1.0, 1.0, (200, 12))
    assert (total(TASK.reward(signals, action, action)) <= 1.0).all()


def test_a_jerky_action_costs():
    signals = on_command(episodes(n=1))
    calm = total(TASK.reward(signals, STILL + 0.3, STILL + 0.3))
    assert (total(TASK.reward(signals, STILL + 0.3, STILL - 0.3)) < calm).all()


@pytest.mark.parametrize(
    ("gravity", "height", "over"),
    [
        ([0.0, 0.0, -1.0], 0.17, False),
        ([0.6, 0.0, -0.8], 0.17, False),
        ([0.9, 0.0, -0.43], 0.17, True),
        ([0.0, 0.0, 1.0], 0.17, True),
        ([0.0, 0.0, -1.0], 0.08, True),
    ],
)
def test_tilting_and_sinking_end_an_episode(gravity, height, over):
    signals = {"true_gravity": np.array([gravity]), "true_height": np.array([[height]])}
    assert TASK.ends(signals).tolist() == [over]


def test_a_plan_holds_each_command_for_five_seconds_and_passes_smoothly_to_the_next():
    forward, left, stand = [0.2, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.0]
    plan = plan_of(forward, left, stand, forward)
    for time, wish in (
        (0.0, stand),
        (0.25, [0.1, 0.0, 0.0]),
        (3.0, forward),
        (5.0, forward),
        (5.25, [0.1, 0.05, 0.0]),
        (6.0, left),
        (12.0, stand),
        (25.0, forward),
    ):
        assert TASK.command(plan, np.array([time]))[0] == pytest.approx(np.array(wish))


def test_an_episode_begins_at_the_default_pose_and_goals_never_jump():
    plan, time = TASK.plan(Dice(3, 40)), np.arange(0.0, TASK.episode, 0.02)
    goals = np.array([TASK.trot.joints(*pace(plan, np.full(40, t))) for t in time])
    assert goals[0] == pytest.approx(np.tile(SPEC.column("default"), (40, 1)), abs=1e-12)
    assert np.abs(np.diff(goals, axis=0)).max() < SPEC.safety.step_limit


def pace(plan, time):
    return TASK.command(plan, time), plan[:, -1] + 2.0 * time


def test_commands_are_within_their_range_and_some_stand_still():
    commands = TASK.plan(Dice(0, 3000))[:, :-1].reshape(-1, 3)
    assert (commands >= SLOWEST).all()
    assert (commands <= FASTEST).all()
    assert (commands == 0.0).all(axis=1).mean() == pytest.approx(0.15, abs=0.02)


def test_a_plan_and_a_time_determine_what_is_asked():
    plan, time = TASK.plan(Dice(3, 8)), np.linspace(0.0, 19.0, 8)
    felt = sensed(np.random.default_rng(0), 8)
    first = TASK.signals(plan, time, felt)
    second = Walk(SPEC).signals(plan, time, felt)
    assert all(np.array_equal(first[k], second[k]) for k in first)


def test_signals_and_rewards_have_the_bits_alone_that_they_have_in_a_batch():
    rng = np.random.default_rng(1)
    plan, time, felt = TASK.plan(Dice(1, 33)), rng.uniform(0.0, 20.0, 33), sensed(rng, 33)
    action = rng.uniform(-1.0, 1.0, (33, 12))
    together = TASK.signals(plan, time, felt)
    terms = TASK.reward(together, action, -action)
    for i in range(33):
        one = slice(i, i + 1)
        alone = TASK.signals(plan[one], time[one], {k: v[one] for k, v in felt.items()})
        assert all(np.array_equal(alone[k], together[k][one]) for k in alone)
        mine = TASK.reward(alone, action[one], -action[one])
        assert all(np.array_equal(mine[k], terms[k][one]) for k in terms)


def test_a_plan_of_a_robot_is_the_same_whoever_else_draws():
    together = TASK.plan(Dice(5, 20))
    assert np.array_equal(TASK.plan(Dice(5, 4, first=8)), together[8:12])


def test_the_contract_reads_only_what_the_robot_senses_and_action_zero_is_the_trot():
    contract = TASK.contract(SPEC)
    assert not [term.signal for term in contract.terms if term.signal.startswith("true_")]
    felt = {k: v for k, v in sensed(np.random.default_rng(2), 5).items() if "true" not in k}
    signals = TASK.signals(TASK.plan(Dice(2, 5)), np.full(5, 7.0), felt)
    seen = contract.observe(signals, Memory(contract, 5))
    assert seen.shape == (5, contract.observation_size)
    assert np.array_equal(contract.act(np.zeros((5, 12)), signals), signals["trot"])
    moved = contract.act(np.full((5, 12), 0.1), signals) - signals["trot"]
    assert moved == pytest.approx(0.03)


def test_slices_cover_every_plan_and_part_the_steady_ones():
    masks = TASK.slices(TASK.plan(Dice(2, 300)))
    assert np.any(list(masks.values()), axis=0).all()
    assert all(mask.any() and mask.shape == (300,) for mask in masks.values())
    kinds = ("standing", "forward", "backward", "sideways", "turning", "changing")
    assert (sum(masks[kind].astype(int) for kind in kinds) == 1).all()
    assert (masks["standing"] <= ~masks["fast"]).all()


def test_a_slice_is_what_the_command_asks_for_most():
    # 0.1 of 0.4 m/s forward, -0.6 of -0.8 rad/s: turning
    turn, back, stand = [0.1, 0.0, -0.6], [-0.2, 0.05, 0.0], [0.0, 0.0, 0.0]
    plans = np.concatenate([plan_of([kind] * 4) for kind in (turn, back, stand)])
    masks = TASK.slices(plans)
    assert masks["turning"].tolist() == [True, False, False]
    assert masks["backward"].tolist() == [False, True, False]
    assert masks["standing"].tolist() == [False, False, True]


def test_a_start_is_near_the_default_pose_and_faces_anywhere():
    start = TASK.start(Dice(5, 300))
    assert np.abs(start.position - SPEC.column("default")).max() <= 0.05
    assert start.base_velocity.shape == (300, 6)
    assert np.ptp(start.heading) > 6.0


def test_a_robot_without_legs_cannot_walk():
    with pytest.raises(TaskError, match="'servo' has no legs"):
        Walk(RobotSpec.load("servo"))
