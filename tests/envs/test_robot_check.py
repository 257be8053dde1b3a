"""Checking a robot's folder: each kind of mistake is named, and a sound robot has none."""

import pytest
from robot_files import findings, folder, urdf, walker

from ashore.envs.draft.joint_name import limbs, mirror_pairs
from ashore.envs.draft.robot_check import check_robot
from ashore.hardware.spec import shipped_robots

pytestmark = pytest.mark.slow


def broken(tmp_path, text=None, **edit):
    """What is found of the walker, or of `text`, after its files were edited."""
    edits = {name.replace("_", "."): change for name, change in edit.items()}
    robot = folder(tmp_path, text or walker(), edit=edits)
    return findings(robot, "suspicious", "missing")


def swap(before, after, count=-1):
    return lambda text: text.replace(before, after, count)


def test_a_sound_robot_has_nothing_missing_or_suspicious_but_its_guesses(tmp_path):
    robot = folder(tmp_path, walker())
    assert findings(robot, "suspicious", "missing") == {}
    assert {"servos", "torque", "units", "mirror", "base", "motion"} <= set(
        findings(robot, "fine"))


@pytest.mark.parametrize("robot", sorted(shipped_robots()))
def test_shipped_robots_have_nothing_missing_or_suspicious(robot):
    assert findings(robot, "missing", "suspicious") == {}


def test_degrees_that_were_read_as_radians_are_named(tmp_path):
    found = broken(tmp_path, walker().replace('range="-1.5 1.5"', 'range="-85 85"'))
    assert "left_knee, right_knee reach 85 rad" in found["units"]


def test_radians_that_were_read_as_degrees_are_named(tmp_path):
    found = broken(tmp_path, walker().replace('angle="radian"', 'angle="degree"'))
    assert "move by" in found["units"]
    assert 'angle="radian"' in found["units"]


def test_a_hinge_without_a_motor_and_an_actuator_beside_the_motors_are_named(tmp_path):
    unmotored = broken(tmp_path, walker().replace(
        '<position name="d" joint="right_knee" kp="60" kv="2" forcerange="-9 9"/>', ""
    ).replace('ctrl="0 0 0 0"', ""))
    assert "no motor turns right_knee" in unmotored["motors"]
    (tmp_path / "b").mkdir()
    beside = broken(tmp_path / "b", robot_xml=swap(
        "</worldbody>", '</worldbody><actuator><motor joint="left_hip"/></actuator>'))
    assert "1 actuators" in beside["motors"]


def test_a_servo_nobody_knows_is_missing_and_the_rest_is_still_checked(tmp_path):
    robot = folder(tmp_path, walker(), edit={"spec.toml": swap('"pd"', '"warp9"')})
    assert "warp9" in findings(robot, "missing")["servos"]
    assert "motion" in findings(robot, "fine", "suspicious")


def test_a_motor_without_its_numbers_stands_on_placeholders(tmp_path):
    def cut(text):
        return "\n".join(row for row in text.splitlines() if not row.startswith("torque_limit"))

    assert "torque_limit of left_hip" in broken(tmp_path, spec_toml=cut)["servos"]


def test_no_armature_is_named(tmp_path):
    found = broken(tmp_path, spec_toml=swap("armature = 0.01", "armature = 0.00001", 1))
    assert found["armature"].startswith("as good as none: left_hip;")


def test_unlimited_torque_is_named(tmp_path):
    found = broken(tmp_path, spec_toml=swap("torque_limit = 9.0", "torque_limit = 900.0"))
    assert "as good as unlimited" in found["torque"]


def test_joints_without_limits_and_goals_beyond_them_are_named(tmp_path):
    free = broken(tmp_path, walker().replace('range="-1.0 1.5"', ""))
    assert "nothing stops left_hip, right_hip" in free["limits"]
    (tmp_path / "b").mkdir()
    beyond = broken(tmp_path / "b", spec_toml=swap("upper = 1.5", "upper = 2.5", 1))
    assert "left_hip let goals leave" in beyond["limits"]


def test_a_default_pose_outside_the_mjcfs_limits_is_named(tmp_path):
    found = broken(tmp_path, robot_xml=swap('range="-1.5 1.5"', 'range="-0.1 1.5"'))
    assert "left_knee, right_knee begin outside" in found["default pose"]


def test_an_axis_that_is_no_mirror_image_is_named(tmp_path):
    found = broken(tmp_path, walker().replace(
        '<joint name="right_knee" axis="0 1 0"', '<joint name="right_knee" axis="1 0 0"'))
    assert "left_knee and right_knee are no mirror images" in found["mirror"]


def test_a_leg_that_moves_opposite_to_its_mirror_image_is_named(tmp_path):
    found = broken(tmp_path, walker(right={"axis": -1}))
    # Its limits -1.0 to 1.5 and its pose 0.1 are those of the axis as it was.
    assert "left_hip and right_hip mirror at opposite angles" in found["mirror"]
    assert "opposite sides" in found["mirror"]


def test_consistently_opposite_axes_are_fine(tmp_path):
    text = walker(right={"axis": -1}).replace("0.1 -0.2 0.1 -0.2", "0.1 -0.2 -0.1 -0.2")
    before, after = text.split('name="right_hip"')
    text = before + 'name="right_hip"' + after.replace('range="-1.0 1.5"', 'range="-1.5 1.0"', 1)
    assert "mirror" not in broken(tmp_path, text)


def test_masses_and_inertias_of_no_body_are_named(tmp_path):
    heavy = broken(tmp_path, walker().replace('mass="0.2"', 'mass="4000"'))
    assert "left_shank, right_shank would be denser than gold" in heavy["mass"]
    (tmp_path / "b").mkdir()
    light = broken(tmp_path / "b", walker().replace('mass="0.2"', 'mass="0.0"').replace(
        'mass="0.05"', 'mass="0.00002"'))
    assert "left_shank, right_shank weigh as good as nothing" in light["mass"]
    (tmp_path / "c").mkdir()
    wide = urdf().replace('ixx="0.002" iyy="0.002" izz="0.0005"', 'ixx="2" iyy="2" izz="0.5"')
    robot = folder(tmp_path / "c", wide, fixed=True)
    assert "radius of gyration" in findings(robot, "suspicious")["inertia"]


def test_an_inertia_that_breaks_the_triangle_is_mended_and_said(tmp_path):
    thin = urdf().replace('ixx="0.002" iyy="0.002" izz="0.0005"',
                          'ixx="0.002" iyy="0.0001" izz="0.0001"')
    text = (folder(tmp_path, thin, fixed=True) / "spec.toml").read_text()
    assert "# guess: the inertia of link 'upper'" in text


def test_joints_in_another_order_than_their_mirror_image_are_named(tmp_path):
    def turn(text):
        head, *joints = text.split("\n[[joints]]")
        joints[2], joints[3] = joints[3].rstrip() + "\n", joints[2]
        return "\n[[joints]]".join([head, *joints])

    found = broken(tmp_path, spec_toml=turn)
    assert "right_knee, right_hip do not go outwards" in found["order"]


def test_overlaps_and_a_base_inside_or_above_the_floor_are_named(tmp_path):
    overlap = broken(tmp_path, walker(left={"y": 0.01}, right={"y": -0.01}),
                     robot_xml=lambda text: text[: text.index("<contact>")] + "</mujoco>")
    assert "left_shank with right_shank" in overlap["overlap"]
    for number, (height, said) in enumerate((("0.2724", "inside"), ("0.9", "above"))):
        (tmp_path / str(number)).mkdir()
        found = broken(tmp_path / str(number), walker().replace("0.3266", height))
        assert said in found["base"]


def test_a_free_base_without_a_floor_or_an_imu_is_named(tmp_path):
    robot = folder(tmp_path, walker(), edit={
        "robot.xml": lambda text: text.replace('<geom name="ground"', '<geom name="g" contype="0" '
                                               'conaffinity="0"'),
        "spec.toml": lambda text: text[: text.index("[imu]")] + text[text.index("\n[[joints]]"):],
    })
    assert "falls for ever" in findings(robot, "missing")["base"]
    assert "no [imu]" in findings(robot, "suspicious")["imu"]


def test_a_motor_too_quick_for_the_timestep_is_seen_in_the_motion(tmp_path):
    found = broken(
        tmp_path,
        spec_toml=lambda text: text.replace("stiffness = 60.0", "stiffness = 9900.0").replace(
            "limit = 9.0", "limit = 900.0"),
        robot_xml=swap("<worldbody>", '<option timestep="0.02"/><worldbody>'),
    )
    assert "motion" in found


def test_a_pose_that_cannot_be_held_is_seen_in_the_motion(tmp_path):
    found = broken(tmp_path, spec_toml=lambda text: text.replace(
        "stiffness = 60.0", "stiffness = 0.5").replace("gain = 2.0", "gain = 0.1"))
    assert "motion" in found


def test_every_guess_that_is_left_is_listed_with_what_to_do(tmp_path):
    robot = folder(tmp_path, urdf(), fixed=True)
    said = [f.text for f in check_robot(robot) if f.topic == "guess"]
    assert any(text.startswith("armature of shoulder: ") for text in said)
    assert any("no actuator turns a joint" in text for text in said)
    spec = robot / "spec.toml"
    spec.write_text(spec.read_text().replace("# guess", "#"))
    assert [f.severity for f in check_robot(robot) if f.topic == "guess"] == ["fine"]


def test_left_and_right_are_found_in_the_names_that_people_use():
    assert mirror_pairs(["FL_hip_joint", "FR_hip_joint"]) == [("FL_hip_joint", "FR_hip_joint")]
    assert mirror_pairs(["rr_knee", "rl_knee"]) == [("rl_knee", "rr_knee")]
    assert mirror_pairs(["lf1", "rf1", "lh1"]) == [("lf1", "rf1")]
    assert mirror_pairs(["leftFrontLegMotor", "rightFrontLegMotor"])
    assert mirror_pairs(["l_arm", "gripper"]) == []
    assert list(limbs(["FL_hip", "FL_knee", "FR_hip", "waist"])) == [("fl",), ("fr",)]
