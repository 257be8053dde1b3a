"""Drafting a robot's folder from a user's file."""

import shutil
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import folder, urdf, walker

from ashore.envs.draft.robot_draft import RobotDraft
from ashore.envs.errors import ModelError
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec

PUPPER = Path(__file__).resolve().parents[3] / "shared" / "data" / "pupper" / "pupper_v2a.urdf"

needs_pupper = pytest.mark.skipif(not PUPPER.is_file(), reason="no Pupper beside here")


def compiled(robot: Path) -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(RobotSpec.load(robot).model)


def test_gains_limits_and_pose_of_an_mjcf_become_the_specs(tmp_path):
    spec = RobotSpec.load(folder(tmp_path, walker()))
    assert spec.names == ("left_hip", "left_knee", "right_hip", "right_knee")
    assert spec.ids == (1, 2, 3, 4)
    # The keyframe `home`, not the first one.
    np.testing.assert_allclose(spec.column("default"), [0.1, -0.2, 0.1, -0.2])
    np.testing.assert_allclose(spec.column("upper"), [1.5, 1.5, 1.5, 1.5])
    hip, knee = spec.joints[0].motor, spec.joints[1].motor
    assert (hip["stiffness"], hip["velocity_gain"], hip["torque_limit"]) == (60.0, 2.0, 9.0)
    assert (hip["armature"], hip["friction_base"]) == (0.01, 0.0)
    assert knee["friction_base"] == 0.03


def test_what_the_file_says_is_no_guess_and_what_it_does_not_is(tmp_path):
    text = (folder(tmp_path, walker()) / "spec.toml").read_text()
    lines = {line.split(" = ")[0]: line for line in text.splitlines() if " = " in line}
    assert "guess" not in lines["stiffness"]
    assert "guess" not in lines["default"]
    assert "# guess" in lines["id"]
    assert "# guess" in lines["rate"]


def test_the_simulation_moves_the_joints_not_the_files_actuators(tmp_path):
    model = compiled(folder(tmp_path, walker()))
    assert (model.nu, model.nsensor, model.nkey) == (0, 0, 0)
    np.testing.assert_array_equal(model.dof_armature, 0.0)
    np.testing.assert_array_equal(model.dof_frictionloss, 0.0)
    # Damping stays, where MuJoCo integrates it implicitly.
    assert model.joint("left_hip").damping[0] == 0.2


def test_the_gear_of_a_motor_scales_its_torque_and_squares_in_its_gains(tmp_path):
    geared = walker().replace('kp="60" kv="2"', 'gear="3" kp="60" kv="2"')
    motor = RobotSpec.load(folder(tmp_path, geared)).joints[0].motor
    # 60 * 9, 2 * 9, 9 * 3
    assert (motor["stiffness"], motor["velocity_gain"], motor["torque_limit"]) == (540, 18, 27)


def test_the_base_starts_where_the_keyframe_has_it(tmp_path):
    model = compiled(folder(tmp_path, walker()))
    assert model.qpos0[2] == pytest.approx(0.3266)


def test_masses_that_came_from_shapes_are_written_down(tmp_path):
    source = mujoco.MjModel.from_xml_string(walker())
    model = compiled(folder(tmp_path, walker()))
    np.testing.assert_allclose(model.body_mass, source.body_mass)
    np.testing.assert_allclose(model.body_inertia, source.body_inertia, rtol=1e-5)


def test_an_included_file_and_a_collision_mesh_are_carried_within_the_text(tmp_path):
    corners = [(x, y, z) for x in (0, 0.1) for y in (0, 0.2) for z in (0, 0.3)]
    faces = ["1 2 4", "1 4 3", "5 7 8", "5 8 6", "1 5 6", "1 6 2",
             "3 4 8", "3 8 7", "1 3 7", "1 7 5", "2 6 8", "2 8 4"]
    (tmp_path / "meshes").mkdir()
    block = "\n".join([f"v {x} {y} {z}" for x, y, z in corners] + [f"f {f}" for f in faces])
    (tmp_path / "meshes" / "block.obj").write_text(block)
    (tmp_path / "meshes" / "look.obj").write_text(block)
    (tmp_path / "part.xml").write_text(
        '<mujocoinclude><body name="link"><joint name="hinge" axis="0 1 0" range="-1 1"/>'
        '<geom type="mesh" mesh="block"/>'
        '<geom type="mesh" mesh="look" contype="0" conaffinity="0"/></body></mujocoinclude>'
    )
    robot = folder(tmp_path, """
        <mujoco><compiler meshdir="meshes" angle="radian"/>
        <asset><mesh file="block.obj" scale="1 1 0.5"/><mesh name="look" file="look.obj"/></asset>
        <worldbody><include file="part.xml"/></worldbody></mujoco>""")
    for file in ("part.xml", "source.xml"):
        (tmp_path / file).unlink()
    shutil.rmtree(tmp_path / "meshes")
    model = compiled(robot)
    assert model.nmesh == 1
    # 0.1 * 0.2 * 0.15 m3 of water weigh 3 kg; the visual mesh's mass, 6 kg, was the file's too.
    assert model.body("link").mass[0] == pytest.approx(9.0, rel=1e-4)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    turn = data.geom_xmat[0].reshape(3, 3)
    seen = model.mesh_vert @ turn.T + data.geom_xpos[0]
    np.testing.assert_allclose([seen.min(axis=0), seen.max(axis=0)],
                               [[0, 0, 0], [0.1, 0.2, 0.15]], atol=1e-6)


def test_absent_meshes_are_left_out_and_said(tmp_path):
    source = tmp_path / "arm.urdf"
    source.write_text(urdf())
    draft = RobotDraft.of("arm", source)
    said = " ".join(draft.notes)
    assert "1 visuals were left out" in said
    assert "'meshes/upper.stl' is absent" in said
    model = mujoco.MjModel.from_xml_string(draft.model)
    # The cylinder stays, and so does the inertial.
    assert model.geom(model.body("upper").geomadr[0]).type[0] == mujoco.mjtGeom.mjGEOM_CYLINDER
    assert model.body("upper").mass[0] == pytest.approx(0.4)


def test_a_urdf_without_a_world_is_free_as_a_guess_and_stands_on_a_floor(tmp_path):
    robot = folder(tmp_path, urdf())
    assert "# guess: link 'base' is a free base" in (robot / "spec.toml").read_text()
    model = compiled(robot)
    assert model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE
    assert model.body("base").mass[0] == pytest.approx(1.0)
    # The box below it is 0.05 m deep; it starts 1 mm over the floor.
    assert model.qpos0[2] == pytest.approx(0.051)
    assert RobotSpec.load(robot).imu is not None


def test_a_urdf_said_to_be_fixed_or_hung_on_world_is_fixed(tmp_path):
    hung = urdf().replace('<link name="base">', '<link name="world"/><link name="base">').replace(
        '<joint name="shoulder"',
        '<joint name="bolt" type="fixed"><parent link="world"/><child link="base"/></joint>'
        '<joint name="shoulder"')
    for number, (text, fixed) in enumerate(((urdf(), True), (hung, False))):
        place = tmp_path / str(number)
        place.mkdir()
        robot = folder(place, text, fixed)
        assert compiled(robot).nq == 1
        assert RobotSpec.load(robot).imu is None


def test_effort_is_the_torque_limit_and_none_is_guessed(tmp_path):
    for effort, limit in ((4.0, 4.0), (0.0, None), (1e9, None)):
        place = tmp_path / str(effort)
        place.mkdir()
        robot = folder(place, urdf(effort), fixed=True)
        line = next(
            row for row in (robot / "spec.toml").read_text().splitlines() if "torque_limit" in row
        )
        assert ("# guess" in line) == (limit is None)
        found = RobotSpec.load(robot).joints[0].motor["torque_limit"]
        # 3 * 9.81 * 0.4 kg * 0.1 m
        assert found == (limit or pytest.approx(1.18, abs=0.01))


def test_a_drafted_folder_is_simulated_and_randomized_as_it_is(tmp_path):
    robot = folder(tmp_path, walker())
    spec = RobotSpec.load(robot)
    simulation = Simulation(spec, 2, SimulationConfig(threads=1))
    Randomization.load(str(robot)).check(simulation)
    for _ in range(25):
        simulation.step(np.tile(spec.column("default"), (2, 1)))
    np.testing.assert_allclose(simulation.position[0], spec.column("default"), atol=0.1)
    assert simulation.truth()["true_height"][0, 0] == pytest.approx(0.3266, abs=0.01)


def test_bodies_that_overlap_in_the_pose_are_parted_and_said(tmp_path):
    wide = walker(left={"y": 0.01}, right={"y": -0.01})
    robot = folder(tmp_path, wide)
    assert "'left_shank' and 'right_shank' overlap" in (robot / "spec.toml").read_text()
    assert compiled(robot).nexclude > 0


def test_a_body_without_mass_is_given_one_as_a_guess(tmp_path):
    light = urdf().replace('<mass value="0.4"/>', "").replace(
        '<inertia ixx="0.002" iyy="0.002" izz="0.0005" ixy="0" ixz="0" iyz="0"/>', "")
    bare = light[: light.index("<inertial><origin")] + light[light.index("<visual>") :]
    without = bare.replace('<collision name="c"><origin xyz="0 0 0.1"/>\n      <geometry>'
                           '<cylinder radius="0.02" length="0.2"/></geometry></collision>', "")
    robot = folder(tmp_path, without, fixed=True)
    assert "# guess: body 'upper' has no mass" in (robot / "spec.toml").read_text()


@pytest.mark.parametrize(("text", "said"), [
    (None, "No such file"),
    ("not xml", "not XML"),
    ("<sdf/>", "neither a URDF"),
    ("<mujoco><worldbody><body/></worldbody></mujoco>", "no hinge joint"),
    ("<mujoco><wordbody/></mujoco>", "does not compile"),
    ("<robot name='r'/>", "0 links"),
    ("<robot xmlns:xacro='http://www.ros.org/wiki/xacro'><xacro:macro/></robot>", "xacro"),
])
def test_what_is_no_robot_is_refused_in_one_sentence(tmp_path, text, said):
    path = tmp_path / "file.xml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ModelError, match=said) as refused:
        RobotDraft.of("robot", path)
    assert str(path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_an_existing_folder_is_never_written_to(tmp_path):
    robot = folder(tmp_path, walker())
    before = (robot / "spec.toml").read_text()
    with pytest.raises(ModelError, match="exists"):
        RobotDraft.of("other", tmp_path / "source.xml").write(robot)
    assert (robot / "spec.toml").read_text() == before
    assert len(list(robot.iterdir())) == 3


def test_a_name_that_leaves_the_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot name files"):
        RobotDraft.of("../robot", tmp_path / "source.xml")


@needs_pupper
def test_the_pupper_stands_from_its_urdf_alone(tmp_path):
    draft = RobotDraft.of("pupper", PUPPER)
    assert len(draft.joints) == 12
    assert any("Cube.003.obj" in note for note in draft.notes)
    draft.write(tmp_path / "pupper")
    spec = RobotSpec.load(tmp_path / "pupper")
    simulation = Simulation(spec, 1, SimulationConfig(threads=1))
    # 2.135 kg: the authors' sum of links, toes included.
    assert simulation.batch.model.body_mass.sum() == pytest.approx(2.135, abs=1e-3)
    for _ in range(50):
        simulation.step(spec.column("default")[None])
    assert simulation.truth()["true_gravity"][0, 2] < -0.999
    assert not simulation.broken.any()
