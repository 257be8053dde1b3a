"""Laws of the model's fields: each value is physics, over the nominal, of the robot asked for."""

import mujoco
import numpy as np
import pytest
from mujoco.batch import Batch

from ashore.envs.errors import ModelError
from ashore.envs.physics.limbs import limb_of
from ashore.envs.physics.model_fields import ModelFields
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.physics.robot_model import build_model
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec

MODEL = build_model(RobotSpec.load("quadruped"))
TWO = np.array([0, 2])
N = 3


class World(ParameterSet):
    """The quadruped's model, without motors or sensors."""

    def __init__(self, model=MODEL):
        batch = Batch(model, N, 1)
        self.fields = ModelFields(batch)
        super().__init__(batch, [self.fields])


@pytest.fixture
def world():
    return World()


def test_mass_payload_and_inertia_follow_their_formulas(world):
    trunk = MODEL.body("trunk").id
    column = world.parameters["mass"].elements.index("trunk")
    for name, value in (("mass", 1.2), ("payload", 0.3), ("inertia", 0.9)):
        values = world.values(name)[:1].copy()
        values[0, column] = value
        world.set(name, values, np.array([0]))
    world.settle(np.array([0]))
    mass, inertia = MODEL.body_mass[trunk], MODEL.body_inertia[trunk]
    assert world.batch.expanded("body_mass")[0, trunk] == pytest.approx(1.2 * mass + 0.3)
    assert world.batch.expanded("body_inertia")[0, trunk] == pytest.approx(1.2 * 0.9 * inertia)
    assert world.batch.expanded("body_mass")[1:, trunk] == pytest.approx(mass)
    # what MuJoCo derives: the whole robot weighs that much more
    extra = 0.2 * mass + 0.3
    subtree = world.batch.expanded("body_subtreemass")[0, trunk]
    assert subtree == pytest.approx(MODEL.body_subtreemass[trunk] + extra)


def test_a_centre_of_mass_moves_without_moving_what_is_seen_or_touched(world):
    shift = np.zeros((1, len(world.parameters["centre_of_mass"].elements)))
    at = world.parameters["centre_of_mass"].elements.index("trunk:x")
    shift[0, at] = 0.05
    world.set("centre_of_mass", shift, np.array([1]))
    world.settle(np.array([1]))
    world.batch.bind("xipos")
    world.batch.bind("geom_xpos")
    world.batch.forward()
    trunk = MODEL.body("trunk").id
    moved = world.batch.bind("xipos")[1, trunk] - world.batch.bind("xipos")[0, trunk]
    assert moved == pytest.approx([0.05, 0.0, 0.0])
    assert np.array_equal(world.batch.bind("geom_xpos")[1], world.batch.bind("geom_xpos")[0])


def test_a_push_accelerates_by_its_force_over_the_mass_and_outlives_a_reset(world):
    push = np.zeros((2, len(world.parameters["push"].elements)))
    push[:, world.parameters["push"].elements.index("trunk:y")] = 6.0
    world.set("push", push, TWO)
    world.batch.reset(np.arange(N), stage=0)
    world.batch.bind("qpos")[:, 2] = 5.0  # high in the air
    world.fields.push(np.arange(N))
    for _ in range(10):
        world.batch.step()
    seconds, mass = 10 * MODEL.opt.timestep, MODEL.body_subtreemass[1]
    velocity = world.batch.bind("qvel")[:, 1]
    assert velocity[1] == pytest.approx(0.0, abs=1e-6)
    # the trunk takes the force, and the legs hang on loose joints: it gains at least F t / m
    assert velocity[0] == velocity[2] > 6.0 * seconds / mass


def test_gravity_and_floor_lean_by_their_angles(world):
    world.set("gravity_tilt", np.array([[0.1, 0.0], [0.0, 0.2]]), TWO)
    world.set("floor_slope", np.array([[0.1, 0.0], [0.0, 0.2]]), TWO)
    world.settle(TWO)
    # a turn about x carries -z towards y, one about y carries -z towards -x
    assert world.fields.down[0] == pytest.approx([0.0, np.sin(0.1), -np.cos(0.1)])
    assert world.fields.down[2] == pytest.approx([-np.sin(0.2), 0.0, -np.cos(0.2)])
    assert world.fields.down[1] == pytest.approx([0.0, 0.0, -1.0])
    assert world.batch.expanded("opt.gravity") == pytest.approx(9.81 * world.fields.down)
    assert world.fields.up == pytest.approx(-world.fields.down)  # both lean alike
    normal = world.batch.bind("geom_xmat")
    world.batch.forward()
    floor = MODEL.geom("floor").id
    z = normal.reshape(N, -1, 3, 3)[:, floor, :, 2]
    assert z == pytest.approx(world.fields.up)


def test_a_joint_mounted_askew_carries_its_limb_askew(world):
    elements = world.parameters["joint_mounting"].elements
    turn = np.zeros((1, len(elements)))
    turn[0, elements.index("front_left_knee:y")] = 0.1
    world.set("joint_mounting", turn, np.array([0]))
    world.settle(np.array([0]))
    angles = world.batch.bind("qpos")
    # the knee turns about y too, so an angle of 0.1 rad more is the same pose
    angles[1, MODEL.joint("front_left_knee").qposadr[0]] += 0.1
    feet = world.batch.bind("geom_xpos")
    world.batch.forward()
    assert feet[0] == pytest.approx(feet[1], abs=1e-12)
    assert np.abs(feet[0] - feet[2]).max() > 0.01


def test_play_in_the_gears_adds_no_joint_and_takes_none_away():
    spec, only = RobotSpec.load("arm"), np.array([0])
    with_play = Simulation(spec, 1, SimulationConfig(backlash=True))
    without = Simulation(spec, 1)
    for name in ("joint_mounting", "damping", "stiffness"):
        assert with_play.parameters[name].elements == without.parameters[name].elements
    for simulation in (with_play, without):
        turn = simulation.values("joint_mounting").copy()
        turn[0, simulation.parameters["joint_mounting"].elements.index("elbow_flex:x")] = 0.1
        simulation.set("joint_mounting", turn, only)
    turned = [simulation.batch.expanded("body_quat") for simulation in (with_play, without)]
    assert np.array_equal(*turned)
    assert np.abs(turned[0] - without.batch.model.body_quat).max() > 0.04


def test_each_of_several_joints_on_a_body_turns_it():
    text = (
        "<mujoco><worldbody><body><joint name='a' axis='1 0 0'/><joint name='b' axis='0 1 0'/>"
        "<geom size='.1'/></body></worldbody></mujoco>"
    )
    world = World(mujoco.MjModel.from_xml_string(text))
    turns = np.zeros((N, 2, 3))  # 0.3 rad about z by the one, by the other, by both
    turns[[0, 2], 0, 2] = turns[[1, 2], 1, 2] = 0.3
    world.set("joint_mounting", turns.reshape(N, 6), np.arange(N))
    half = np.array([0.15, 0.15, 0.3])
    expected = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], axis=1)
    assert world.batch.expanded("body_quat")[:, 1] == pytest.approx(expected)


def test_limbs_are_legs_and_the_trunk_is_one_too(world):
    limbs = {name: limb_of(MODEL, name) for name in world.parameters["mass"].elements}
    assert len(set(limbs.values())) == 5
    assert limb_of(MODEL, "front_left_knee") == limb_of(MODEL, "front_left_hip")
    assert limb_of(MODEL, "front_left_knee") != limb_of(MODEL, "front_right_knee")
    assert limb_of(MODEL, "trunk:x") == limbs["trunk"]
    shared = world.select("damping", ("*_knee", "*_hip"), "limb")
    assert shared.draws == 4
    assert len(shared.columns) == 8


def test_one_free_body_is_refused_a_moved_centre_rather_than_given_a_wrong_one():
    text = "<mujoco><worldbody><body><freejoint/><geom size='.1'/></body></worldbody></mujoco>"
    world = World(mujoco.MjModel.from_xml_string(text))
    with pytest.raises(ModelError, match="one free body cannot be moved"):
        world.set("centre_of_mass", np.array([[0.01, 0.0, 0.0]]), np.array([0]))


def test_a_field_is_copied_for_every_robot_only_once_it_is_set(world):
    assert world.batch.expanded("geom_friction") is None
    world.set("friction", np.array([0.5]), np.array([0]))
    assert world.batch.expanded("geom_friction") is not None
    assert world.batch.expanded("body_mass") is None
