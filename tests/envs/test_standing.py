"""Robots are put on their feet, however their joints are bent."""

import mujoco
import numpy as np

from ashore.envs.physics.standing import held, stand
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

QUADRUPED = RobotSpec.load("quadruped")


def placed(position):
    """A batch of quadrupeds put on their feet with these joint angles."""
    simulation = Simulation(QUADRUPED, len(position), SimulationConfig(threads=1))
    simulation.reset(np.arange(len(position)), Start(position=np.array(position)))
    stand(simulation)
    return simulation


def lowest(simulation, robot):
    """Height of each foot's lowest point [m]."""
    model, data = simulation.batch.model, mujoco.MjData(simulation.batch.model)
    data.qpos[:] = simulation.batch.bind("qpos")[robot]
    mujoco.mj_kinematics(model, data)
    floor = int(np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)[0])
    heights = {}
    for geom in np.flatnonzero(model.geom_contype | model.geom_conaffinity):
        leg = model.body(model.body_rootid[model.geom_bodyid[geom]]).name, geom
        if geom != floor:
            heights[leg] = mujoco.mj_geomDistance(model, data, floor, geom, 9.0, np.zeros(6))
    return np.sort(list(heights.values()))


def test_the_lowest_foot_touches_the_floor_and_none_is_inside_it():
    default = QUADRUPED.column("default")
    bent = default + np.random.default_rng(0).normal(0.0, 0.1, 12)
    simulation = placed([default, bent])
    for robot in range(2):
        assert abs(lowest(simulation, robot)[0]) < 1e-3


def test_the_base_leans_towards_the_legs_that_are_bent():
    default = QUADRUPED.column("default")
    crouched = default.copy()
    for leg in QUADRUPED.legs[:2]:
        crouched[QUADRUPED.names.index(leg.knee)] *= 1.15
        crouched[QUADRUPED.names.index(leg.hip)] *= 1.15
    level, leaning = (placed([pose]).truth()["true_gravity"][0] for pose in (default, crouched))
    np.testing.assert_allclose(level, [0.0, 0.0, -1.0], atol=1e-2)
    front = np.mean([leg.origin[0] for leg in QUADRUPED.legs[:2]])
    # Gravity leans towards the end that is lower.
    assert np.sign(leaning[0]) == np.sign(front)
    assert abs(leaning[0]) > 0.02


def test_a_robot_on_its_feet_stays_there():
    default = QUADRUPED.column("default")
    simulation = placed([default])
    before = simulation.truth()["true_height"][0, 0]
    for _ in range(25):
        simulation.step(default[None])
    assert abs(simulation.truth()["true_height"][0, 0] - before) < 0.01


def test_a_robot_without_a_free_base_stays_as_it_is():
    arm = Simulation(RobotSpec.load("servo"), 1, SimulationConfig(threads=1))
    before = arm.position.copy()
    stand(arm)
    np.testing.assert_array_equal(arm.position, before)


def test_a_held_robot_has_the_same_joints_and_no_free_base():
    simulation = Simulation(held(QUADRUPED), 1, SimulationConfig(threads=1))
    assert simulation.base is None
    assert simulation.batch.model.nv == 12
    assert held(QUADRUPED).joints == QUADRUPED.joints
