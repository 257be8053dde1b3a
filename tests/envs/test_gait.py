"""Laws of legs and of the trot: kinematics agree with MuJoCo, and feet go where they are sent."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from ashore.envs.errors import TaskError
from ashore.envs.physics.robot_model import build_model
from ashore.envs.tasks.gait import Legs, Trot, TrotConfig
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")
ON_THE_GROUND, IN_THE_AIR = 0.2, 0.8
"""Phases of the first leg; its diagonal partner shares them, the others are half a cycle off."""


def angles(rng, n, spec=SPEC):
    low, high = spec.column("lower"), spec.column("upper")
    return rng.uniform(low, high, (n, len(low)))


def command(*parts, n=1):
    return np.tile(np.array(parts, dtype=np.float64), (n, 1))


def test_forward_kinematics_are_mujocos():
    model, legs = build_model(SPEC), Legs(SPEC)
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    for row in angles(rng, 20):
        data.qpos[:7] = [*rng.normal(size=3), *rng.normal(size=4)]
        mujoco.mj_normalizeQuat(model, data.qpos)
        data.qpos[7:] = row
        mujoco.mj_kinematics(model, data)
        trunk = data.body("trunk")
        feet = np.array([data.geom(f"{leg.name}_foot").xpos for leg in SPEC.legs])
        seen = (feet - trunk.xpos) @ trunk.xmat.reshape(3, 3)
        assert legs.forward(legs.of_joints(row[None]))[0] == pytest.approx(seen, abs=1e-12)


def test_inverse_kinematics_undo_forward_kinematics():
    legs = Legs(SPEC)
    posture = legs.of_joints(angles(np.random.default_rng(1), 500))
    feet, (_, hip, knee) = legs.forward(posture), np.moveaxis(posture, -1, 0)
    # A foot folded above the hip could be reached by the leg swung over, too.
    below = legs.upper * np.cos(hip) + legs.lower * np.cos(hip + knee) > 0.01
    found = legs.inverse(feet)
    assert below.mean() > 0.8
    assert found[below] == pytest.approx(posture[below], abs=1e-7)
    assert legs.forward(found)[below] == pytest.approx(feet[below], abs=1e-9)


def test_a_knee_bends_the_way_it_does_in_the_default_pose():
    joints = tuple(
        replace(j, default=-j.default, lower=-j.upper, upper=-j.lower) for j in SPEC.joints
    )
    mirrored = Legs(replace(SPEC, joints=joints))
    feet = Legs(SPEC).forward(Legs(SPEC).of_joints(angles(np.random.default_rng(2), 50)))
    assert (Legs(SPEC).inverse(feet)[..., 2] < 0.0).all()
    assert (mirrored.inverse(feet)[..., 2] > 0.0).all()


def test_a_foot_out_of_reach_leaves_the_leg_stretched_towards_it():
    legs = Legs(SPEC)
    far = legs.origin + np.array([0.3, 0.0, -0.4]) + legs.offset[:, None] * np.array([0, 1, 0])
    reached = legs.forward(legs.inverse(far[None]))[0] - legs.origin
    # 0.999 of 0.215 m, along (0.3, -0.4) / 0.5
    assert reached[:, 0] == pytest.approx(0.2148 * 0.6, abs=2e-4)
    assert reached[:, 2] == pytest.approx(-0.2148 * 0.8, abs=2e-4)


def test_joints_of_no_leg_stay_at_their_default():
    tail = replace(SPEC.joints[0], name="tail", id=100, default=0.3)
    legs = Legs(replace(SPEC, joints=(tail, *SPEC.joints)))
    joints = legs.to_joints(np.zeros((2, 4, 3)))
    assert joints[:, 0] == pytest.approx(0.3)
    assert not joints[:, 1:].any()


def test_a_robot_without_legs_hears_what_to_write():
    with pytest.raises(TaskError, match=r"'servo' has no legs.*\[\[legs\]\]"):
        Trot(RobotSpec.load("servo"))


def test_at_no_command_the_trot_is_the_default_pose():
    joints = Trot(SPEC).joints(command(0, 0, 0, n=50), np.linspace(0.0, 3.0, 50))
    assert joints == pytest.approx(np.tile(SPEC.column("default"), (50, 1)), abs=1e-12)


def test_a_foot_on_the_ground_moves_against_the_command():
    # vx = 0.2, vy = 0.1, w = 0.5: a foot at (x, y) moves at -(vx - w y, vy + w x)
    trot, wish = Trot(SPEC), command(0.2, 0.1, 0.5)
    seconds = 0.01
    before = trot.feet(wish, np.array([ON_THE_GROUND]))[0]
    after = trot.feet(wish, np.array([ON_THE_GROUND + 2.0 * seconds]))[0]
    velocity, (x, y, _) = (after - before) / seconds, trot.stand.T
    grounded = np.array([0, 3])
    assert velocity[grounded, 0] == pytest.approx(-(0.2 - 0.5 * y[grounded]))
    assert velocity[grounded, 1] == pytest.approx(-(0.1 + 0.5 * x[grounded]))
    assert velocity[grounded, 2] == pytest.approx([0.0, 0.0])


def test_diagonal_legs_step_together_and_the_others_half_a_cycle_later():
    trot, wish = Trot(SPEC), command(0.2, 0.0, 0.0)
    moved = trot.feet(wish, np.array([IN_THE_AIR]))[0] - trot.stand
    later = trot.feet(wish, np.array([IN_THE_AIR + 0.5]))[0] - trot.stand
    assert moved[0] == pytest.approx(moved[3])
    assert moved[1] == pytest.approx(moved[2])
    assert moved[0] == pytest.approx(later[1])
    assert moved[0, 2] == pytest.approx(0.035)
    assert moved[1, 2] == 0.0


def test_a_foot_is_in_the_air_for_the_rest_of_the_duty():
    trot, cycles = Trot(SPEC), np.linspace(0.0, 1.0, 1000, endpoint=False)
    height = trot.feet(command(0.2, 0, 0, n=1000), cycles)[..., 2] - trot.stand[:, 2]
    assert (height > 0.0).mean(axis=0) == pytest.approx(0.4, abs=0.003)


def test_a_foot_is_forward_again_before_it_comes_down():
    config = TrotConfig(early=0.5)
    trot = Trot(SPEC, config)
    half_down = np.array([config.duty + 0.5 * (1.0 - config.duty)])
    ahead = trot.feet(command(0.2, 0, 0), half_down)[0, 0, 0] - trot.stand[0, 0]
    # half of a step of 0.2 m/s x 0.6 / 2 Hz
    assert ahead == pytest.approx(0.03)


def test_targets_never_jump():
    trot, cycles = Trot(SPEC), np.linspace(0.0, 2.0, 4001)
    joints = trot.joints(command(0.4, 0.2, 0.8, n=4001), cycles)
    assert np.abs(np.diff(joints, axis=0)).max() < 0.01


def test_targets_stay_within_the_joints_limits():
    rng = np.random.default_rng(3)
    wish = rng.uniform([-0.3, -0.2, -0.8], [0.4, 0.2, 0.8], (2000, 3))
    joints = Trot(SPEC).joints(wish, rng.uniform(0.0, 1.0, 2000))
    assert (joints >= SPEC.column("lower")).all()
    assert (joints <= SPEC.column("upper")).all()


def test_a_robot_alone_steps_with_the_bits_it_has_in_a_batch():
    rng, trot = np.random.default_rng(4), Trot(SPEC)
    wish, cycles = rng.uniform(-0.4, 0.4, (37, 3)), rng.uniform(0.0, 40.0, 37)
    together = trot.joints(wish, cycles)
    alone = [trot.joints(wish[i : i + 1], cycles[i : i + 1])[0] for i in range(37)]
    assert np.array_equal(together, alone)
