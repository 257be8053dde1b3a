"""Laws of the quadruped that ships: real MuJoCo, real motor model, no policy."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.physics.motors import make_motors
from ashore.envs.physics.robot_model import build_model
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.gait import Trot
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")
DEFAULT = SPEC.column("default")
COMMANDS = np.array(
    [
        [0.1, 0.0, 0.0],
        [0.2, 0.0, 0.0],
        [0.4, 0.0, 0.0],
        [-0.1, 0.0, 0.0],
        [-0.3, 0.0, 0.0],
        [0.0, 0.2, 0.0],
        [0.0, -0.2, 0.0],
        [0.0, 0.0, 0.8],
        [0.0, 0.0, -0.8],
        [0.2, 0.1, 0.5],
    ]
)


def stand(simulation, seconds):
    goal = np.tile(DEFAULT, (simulation.n, 1))
    for _ in range(round(seconds * SPEC.rate)):
        simulation.step(goal)
    return simulation.truth()


def trot(simulation, commands, seconds, skip):
    """Let the trot alone drive; return mean forward, leftward, yaw velocity after `skip` [s]."""
    gait, ticks = Trot(SPEC), round(seconds * SPEC.rate)
    total = np.zeros_like(commands)
    for i in range(ticks):
        time = i / SPEC.rate
        cycles = np.full(len(commands), gait.config.frequency * time)
        simulation.step(gait.joints(commands * min(1.0, 2.0 * time), cycles))
        if time >= skip:
            truth = simulation.truth()
            total[:, :2] += truth["true_velocity"][:, :2]
            total[:, 2] += truth["true_gyro"][:, 2]
    return total / (SPEC.rate * (seconds - skip))


def test_it_weighs_about_three_kilograms_and_a_third_of_that_is_servos():
    model = build_model(SPEC, visuals=True)
    assert model.body("trunk").subtreemass[0] == pytest.approx(2.9, abs=0.15)
    servos = np.isclose(model.geom_size.prod(axis=1), 0.01425 * 0.017 * 0.02325)
    assert servos.sum() == 12


def test_joints_come_leg_by_leg_in_the_order_of_the_wire():
    legs = [f"{end}_{side}" for end in ("front", "rear") for side in ("left", "right")]
    names = [f"{leg}_{joint}" for leg in legs for joint in ("abduction", "hip", "knee")]
    assert list(SPEC.names) == names
    assert SPEC.ids == tuple(range(1, 13))


def test_goals_stay_inside_the_hard_stops():
    model = build_model(SPEC)
    for joint in SPEC.joints:
        low, high = model.joint(joint.name).range
        assert low < joint.lower < joint.default < joint.upper < high


def test_the_left_side_mirrors_the_right():
    model = build_model(SPEC)
    for end in ("front", "rear"):
        for part in ("hip", "thigh", "shin"):
            left, right = (model.body(f"{end}_{side}_{part}") for side in ("left", "right"))
            assert left.pos == pytest.approx(right.pos * [1.0, -1.0, 1.0])
            assert left.ipos == pytest.approx(right.ipos * [1.0, -1.0, 1.0], abs=1e-12)
            assert left.mass == pytest.approx(right.mass)


def test_an_xm430_meets_its_data_sheet():
    # ROBOTIS e-Manual XM430-W350 at 12 V: stall 4.1 N m and 2.3 A, no load 46 rev/min
    motor, seconds = make_motors(SPEC, 1), 0.002
    motor.values["supply_resistance"][:] = 0.0
    motor.prepare(seconds)
    far, speed = np.full((1, 12), 3.0), np.zeros((1, 12))
    for _ in range(100):
        torque = motor.torque(far, speed)
    stall = torque - motor.friction(np.zeros((1, 12)), speed)
    assert stall == pytest.approx(4.1, rel=0.01)
    assert motor.current == pytest.approx(2.3, rel=0.01)
    for _ in range(2000):
        drive = motor.torque(far, speed) - motor.friction(np.zeros((1, 12)), speed)
        speed = speed + seconds * drive / motor.values["armature"]
    assert speed * 60.0 / (2.0 * np.pi) == pytest.approx(46.0, rel=0.01)


def test_it_begins_standing_and_stands():
    simulation = Simulation(SPEC, 2)
    began = simulation.truth()["true_height"].copy()
    simulation.set("payload", np.array([0.0, 1.0])[:, None] * np.eye(13)[0], np.arange(2))
    simulation.settle(np.arange(2))
    truth = stand(simulation, 3.0)
    assert truth["true_gravity"][:, 2] == pytest.approx([-1.0, -1.0], abs=1e-4)
    assert (began - truth["true_height"])[:, 0] == pytest.approx([0.001, 0.0015], abs=0.001)
    assert np.abs(truth["true_velocity"]).max() < 1e-3


def test_only_the_floor_is_touched_even_in_a_heap():
    model = build_model(SPEC)
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    floor, touched = model.geom("floor").id, set()
    for _ in range(50):
        data.qpos[:7] = [0.0, 0.0, 0.05, *rng.normal(size=4)]
        data.qpos[7:] = rng.uniform(SPEC.column("lower"), SPEC.column("upper"))
        mujoco.mj_forward(model, data)
        pairs = np.array(data.contact.geom).reshape(-1, 2)
        assert (pairs == floor).any(axis=1).all()
        touched |= {model.geom(int(i)).name for i in pairs.ravel()}
    assert {"hull", "front_left_foot", "rear_right_bumper"} <= touched


def test_the_trot_alone_follows_most_of_every_command():
    moved = trot(Simulation(SPEC, len(COMMANDS)), COMMANDS, seconds=5.0, skip=2.0)
    share = (moved * COMMANDS).sum(axis=1) / (COMMANDS * COMMANDS).sum(axis=1)
    assert (share > 0.7).all()
    assert (share < 1.3).all()


def test_a_servo_gain_of_two_fifths_halves_the_trots_speed():
    simulation, ids = Simulation(SPEC, len(COMMANDS)), np.arange(len(COMMANDS))
    simulation.set("gain_divisor", np.full((1, 12), 128.0 / 0.4), ids)
    moved = trot(simulation, COMMANDS, seconds=5.0, skip=2.0)
    share = (moved * COMMANDS).sum(axis=1) / (COMMANDS * COMMANDS).sum(axis=1)
    assert share.mean() < 0.6


def test_every_robot_that_training_draws_keeps_to_its_feet_at_rest():
    source, simulation = Randomization.load("quadruped"), Simulation(SPEC, 64)
    source.check(simulation)
    simulation.give(source.draw(simulation, Dice(0, 64)), np.arange(64))
    truth = stand(simulation, 1.0)
    assert not simulation.broken.any()
    assert (truth["true_gravity"][:, 2] < -0.98).all()
    assert (truth["true_height"] > 0.17).all()


def test_physics_steps_are_five_milliseconds_four_a_tick():
    simulation = Simulation(SPEC, 1)
    assert simulation.timestep == pytest.approx(0.005)
    assert simulation.substeps == 4


def test_the_home_keyframe_is_the_default_pose_with_its_feet_on_the_floor():
    model = build_model(SPEC)
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key("home").id)
    mujoco.mj_kinematics(model, data)
    assert data.qpos[7:] == pytest.approx(DEFAULT)
    assert data.qpos[:7] == pytest.approx(model.qpos0[:7])
    for leg in SPEC.legs:
        foot = data.geom(f"{leg.name}_foot")
        assert foot.xpos[2] == pytest.approx(model.geom(f"{leg.name}_foot").size[0], abs=1e-4)


def test_a_stiffer_gain_is_stable_too():
    joints = tuple(replace(joint, p_gain=1600) for joint in SPEC.joints)
    simulation = Simulation(replace(SPEC, joints=joints), 1)
    truth = stand(simulation, 2.0)
    assert np.abs(simulation.velocity).max() < 1e-3
    assert truth["true_height"].item() == pytest.approx(0.184, abs=0.001)
