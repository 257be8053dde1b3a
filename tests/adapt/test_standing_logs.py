"""Laws of calibrating a robot that stands on its feet: shared values, held logs, joint errors."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.errors import AdaptError
from ashore.adapt.joint_error import joint_errors
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import STANDING, Coordinates, Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import ReplaySet
from ashore.adapt.trajectory import Trajectory
from ashore.envs.dice import Dice
from ashore.envs.physics.standing import held, stand
from ashore.envs.simulation import Simulation, nominal_parameters
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.importers.puppersim import JOINTS, import_puppersim
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

SHIPPED = RobotSpec.load("quadruped")
MOTOR = {"stiffness": 40.0, "velocity_gain": 1.5, "torque_limit": 8.0, "armature": 0.02,
         "friction_base": 0.2}
QUADRUPED = replace(
    SHIPPED, joints=tuple(replace(joint, servo="pd", motor=MOTOR) for joint in SHIPPED.joints)
)
"""The shipped quadruped with torque sources for motors."""
PARAMETERS = nominal_parameters(QUADRUPED)
TRUNK = PARAMETERS["mass"].elements[0]
STEP = ReplayConfig(timestep=0.004, threads=1)


def recorded(truth=None, in_stand=False, seconds=1.6, label="nod"):
    """Record the robot while two legs bend and stretch, at the rate of its physics."""
    spec = held(QUADRUPED) if in_stand else QUADRUPED
    simulation = Simulation(spec, 1, SimulationConfig(timestep=STEP.timestep, threads=1))
    one, home = np.arange(1), QUADRUPED.column("default")
    simulation.give({k: np.full((1, 1), v) for k, v in (truth or {}).items()}, one)
    simulation.reset(one, Start(position=home[None]))
    stand(simulation)
    time = np.arange(round(seconds / simulation.timestep)) * simulation.timestep
    goal = np.tile(home, (len(time), 1))
    goal[:, :6] *= 1.0 + 0.15 * np.sin(6.28 * time)[:, None]
    late = round((truth or {}).get("command_delay", 0.0) / simulation.timestep)
    position = []
    for row in range(len(time)):
        position.append(simulation.position[0].copy())
        simulation.substep(goal[None, max(0, row - late)])
    return Trajectory(
        label=label, source=f"{label}{in_stand}", time=time, position=np.array(position),
        voltage=None, goal_time=time, goal=goal, p_gain=QUADRUPED.column("p_gain"),
        torque_enabled=np.ones(goal.shape, dtype=bool), fresh=np.ones(goal.shape, dtype=bool),
        held=in_stand,
    )


def windows(*logs):
    return [window for log in logs for window in log.segments()]


def test_a_standing_and_a_held_robot_replay_to_their_own_logs():
    truth = {"strength": 0.4, "command_delay": 0.0}
    logs = [recorded(truth, kind) for kind in (False, True)]
    replay = ReplaySet(QUADRUPED, windows(*logs), 1, STEP)
    values = {name: np.full((1, 1), value) for name, value in truth.items()}
    assert replay.errors(values).max() < 1e-4
    assert replay.errors({}).min() > 1e-3


def test_held_windows_come_last_and_each_is_replayed_as_if_it_were_alone():
    logs = [recorded(in_stand=True), recorded()]
    both = ReplaySet(QUADRUPED, windows(*logs), 2, STEP)
    assert [window.trajectory.held for window in both.windows] == [False, True]
    values = {"strength": np.array([[0.7], [1.2]])}
    together = both.residual(values)
    for index, log in enumerate(reversed(logs)):
        alone = ReplaySet(QUADRUPED, windows(log), 2, STEP).residual(values)
        np.testing.assert_array_equal(together[:, both.window == index], alone)


def test_a_shared_value_is_one_number_and_another_elements_stays_nominal():
    priors = {
        "strength": Prior(sd=0.1, log=True, shared=True),
        "centre_of_mass": Prior(sd=0.01, on=f"{TRUNK}:y"),
    }
    coordinates = Coordinates(priors, PARAMETERS, 12)
    assert coordinates.widths == (1, 1)
    values = coordinates.values(np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert values["strength"].ravel() == pytest.approx([1.0, np.exp(0.1)])
    elements = PARAMETERS["centre_of_mass"].elements
    moved = dict(zip(elements, values["centre_of_mass"][1], strict=True))
    assert moved.pop(f"{TRUNK}:y") == pytest.approx(0.02)
    assert not any(moved.values())


def test_draws_of_shared_values_fit_the_simulation_and_survive_json():
    priors = {**STANDING, "centre_of_mass": Prior(sd=0.01, on=f"{TRUNK}:y")}
    coordinates = Coordinates(priors, PARAMETERS, 12)
    size = len(coordinates.mean)
    before = Posterior.of(coordinates, np.zeros(size), 0.01 * np.eye(size))
    after = Posterior.from_json(before.to_json())
    assert after.on == before.on
    simulation = Simulation(QUADRUPED, 3, SimulationConfig(threads=1))
    drawn = after.draw(simulation, Dice(0, 3))
    simulation.give(drawn, np.arange(3))
    assert np.ptp(simulation.values("strength"), axis=1).max() == 0.0
    column = PARAMETERS["centre_of_mass"].elements.index(f"{TRUNK}:y")
    assert np.ptp(simulation.values("centre_of_mass")[:, column]) > 0.0
    assert np.abs(np.delete(simulation.values("centre_of_mass"), column, axis=1)).max() == 0.0


def test_an_element_that_does_not_exist_hears_which_do():
    coordinates = Coordinates({"mass": Prior(sd=0.1, on="tail")}, PARAMETERS, 12)
    with pytest.raises(AdaptError, match=f"'mass' on 'tail', and there is only: {TRUNK}"):
        coordinates.values(np.zeros((1, 1)))


def test_strength_and_delay_are_read_from_a_standing_and_a_held_log():
    truth = {"strength": 0.75, "command_delay": 0.012}
    priors = {name: STANDING[name] for name in ("strength", "command_delay", "friction_base")}
    fitted = calibrate(
        QUADRUPED,
        [recorded(truth, kind, label="train") for kind in (False, True)],
        CalibrationConfig(priors=priors, window_iterations=0, whole_iterations=8, generations=0,
                          replay=STEP),
    )
    assert fitted.posterior.value["strength"] == pytest.approx([0.75], rel=0.05)
    assert fitted.posterior.value["command_delay"] == pytest.approx([0.012], abs=0.002)
    assert max(fitted.error.values()) < 0.3 * max(fitted.nominal_error.values())


def test_the_error_without_offset_takes_each_joints_mean_off_and_no_more():
    log = recorded()
    off = np.linspace(-0.05, 0.05, 12)
    shifted = replace(log, position=log.position + off * (log.time > 0.3)[:, None])
    punctual = {"command_delay": np.zeros((1, 1))}
    error = joint_errors(QUADRUPED, [shifted], punctual, STEP)["nodFalse"]
    # sqrt(mean of linspace(-.05, .05, 12)^2) = 0.0314
    assert error.rmse == pytest.approx(0.0314, abs=1e-3)
    assert error.without_offset < 1e-3


def test_columns_of_a_log_are_put_into_the_specs_order_by_name(tmp_path):
    angle = np.tile(np.arange(12.0), (5, 1))
    np.savez(tmp_path / "a.npz", t=np.arange(5) / 50, action=angle, MotorAngle=angle)
    log = Log.open(import_puppersim(tmp_path / "a.npz", tmp_path / "a.mcap"))

    def named(names):
        joints = zip(SHIPPED.joints, names, strict=True)
        return replace(SHIPPED, legs=(), joints=tuple(replace(j, name=n) for j, n in joints))

    trajectory = Trajectory.from_log(log, named(JOINTS[::-1]))
    np.testing.assert_array_equal(trajectory.position[0], np.arange(12.0)[::-1])
    np.testing.assert_array_equal(trajectory.goal[0], np.arange(12.0)[::-1])
    with pytest.raises(AdaptError, match="give a spec of those joints"):
        Trajectory.from_log(log, named(["tail", *JOINTS[1:]]))
