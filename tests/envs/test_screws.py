"""Laws of forward kinematics: what MuJoCo says of the same arm, and worked turns."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from ashore.envs.tasks.screws import Screws
from ashore.hardware.body_spec import ArmSpec, LinkSpec
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("arm")
UPRIGHT = LinkSpec(joint="turn", axis=(0.0, 0.0, 1.0), point=(1.0, 0.0, 0.0))
QUARTER = np.full((1, 1), 0.5 * np.pi)


def angles(n, seed=0):
    """Random joint angles within the goal limits, `(n, 6)`."""
    rng = np.random.default_rng(seed)
    return rng.uniform(SPEC.column("lower"), SPEC.column("upper"), (n, len(SPEC.joints)))


def posed(row):
    model = mujoco.MjModel.from_xml_string(SPEC.model)
    data = mujoco.MjData(model)
    for name, angle in zip(SPEC.names, row, strict=True):
        data.joint(name).qpos = angle
    mujoco.mj_kinematics(model, data)
    return data


def test_the_tip_is_where_mujoco_has_it():
    rows = angles(50)
    tips = Screws(SPEC.arm, SPEC.names).tip(rows)
    for row, tip in zip(rows, tips, strict=True):
        assert tip == pytest.approx(posed(row).site("tip").xpos, abs=1e-12)


def test_the_joints_are_where_mujoco_has_them():
    rows = angles(20, seed=1)
    places = Screws(SPEC.arm, SPEC.names).places(rows)
    for row, found in zip(rows, places, strict=True):
        data = posed(row)
        anchors = [data.joint(link.joint).xanchor for link in reversed(SPEC.arm.links)]
        assert found == pytest.approx(np.array([data.site("tip").xpos, *anchors]), abs=1e-12)


def test_a_quarter_turn_about_an_upright_axis():
    # (2, 0, 0) is 1 m from the axis through (1, 0, 0); a quarter turn takes it to (1, 1, 0).
    arm = ArmSpec(tip=(2.0, 0.0, 0.0), links=(UPRIGHT,))
    assert Screws(arm, ("turn",)).tip(QUARTER)[0] == pytest.approx([1.0, 1.0, 0.0])


def test_turns_follow_the_right_hand():
    # About y, x turns to -z.
    arm = ArmSpec(
        tip=(1.0, 0.0, 0.0),
        links=(LinkSpec(joint="turn", axis=(0.0, 1.0, 0.0), point=(0.0, 0.0, 0.0)),),
    )
    assert Screws(arm, ("turn",)).tip(QUARTER)[0] == pytest.approx([0.0, 0.0, -1.0])


def test_the_length_of_an_axis_does_not_matter():
    arm = ArmSpec(tip=(2.0, 0.3, 0.1), links=(replace(UPRIGHT, axis=(0.0, 0.0, 7.0)),))
    plain = replace(arm, links=(UPRIGHT,))
    assert Screws(arm, ("turn",)).tip(QUARTER) == pytest.approx(
        Screws(plain, ("turn",)).tip(QUARTER)
    )


def test_joints_may_stand_in_any_order():
    rows, other = angles(10), tuple(reversed(SPEC.names))
    turned = Screws(SPEC.arm, other).tip(rows[:, ::-1])
    assert turned == pytest.approx(Screws(SPEC.arm, SPEC.names).tip(rows), abs=1e-15)


def test_an_arm_has_the_same_bits_alone_and_in_a_batch():
    screws, rows = Screws(SPEC.arm, SPEC.names), angles(37, seed=2)
    tips, places = screws.tip(rows), screws.places(rows)
    for i in range(len(rows)):
        assert screws.tip(rows[i : i + 1]).tobytes() == tips[i].tobytes()
        assert screws.places(rows[i : i + 1]).tobytes() == places[i].tobytes()
