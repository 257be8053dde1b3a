"""Laws of servo models: each meets its data sheet, and mixed they move as each among its like."""

import math
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from ashore.envs.errors import ModelError
from ashore.envs.physics.motors import make_motors
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.twin.hidden import worn
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
PENDULUM = """<body pos="{x} 0 0"><joint name="{name}" type="hinge" axis="0 -1 0"/>
    <inertial pos="0 0 -0.08" mass="0.2" diaginertia="1e-5 1e-5 1e-5"/></body>"""
REV_MIN = 2.0 * math.pi / 60.0

# ROBOTIS e-Manual, at 12 V: stall torque [N m], stall current [A], speed without load [rev/min].
SHEETS = {"xl430": (1.5, 1.4, 61.0), "xm430": (4.1, 2.3, 46.0), "xm540": (10.6, 4.4, 30.0)}


def names(folder):
    """Names of the TOML files of a package's folder."""
    files = resources.files(f"ashore.{folder}").iterdir()
    return {path.name.removesuffix(".toml") for path in files if path.name.endswith(".toml")}


PAIRS = [("xl330", "xm430"), ("xm540", "xl430"), ("sts3215", "xl330")]
MOTORS, TABLES = names("envs.motors"), names("hardware.servos")


def robot(*servos):
    """Pendulums side by side, each on a servo of the model named."""
    bodies = [PENDULUM.format(x=i, name=f"{i}") for i in range(len(servos))]
    first = replace(SPEC.joints[0], p_gain=400, motor={})
    return replace(
        SPEC,
        model=f"<mujoco><option integrator='implicitfast'/><worldbody>{''.join(bodies)}"
        "</worldbody></mujoco>",
        joints=tuple(
            replace(first, name=f"{i}", id=i, servo=servo) for i, servo in enumerate(servos)
        ),
    )


def driven(spec):
    """What two robots' motors do under errors and speeds that jump about, `(T, 4, 2, nj)`."""
    motor, rng = make_motors(spec, 2), np.random.default_rng(0)
    made = []
    for _ in range(60):
        error, speed, load = (np.tile(rng.normal(0.0, s, (2, 1)), 2) for s in (0.4, 3.0, 1.0))
        torque = motor.torque(error, speed)
        made.append([torque, motor.friction(load, speed), motor.current, motor.voltage])
        motor.sag()
    return np.array(made)


def moved(spec):
    """What the sensors say of two robots while goals jump about, `(T, 2, nj)` each."""
    simulation = Simulation(spec, 2, SimulationConfig(threads=1, backlash=True))
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(6):
        goal = rng.uniform(-0.8, 0.8, (2, 2))
        for _ in range(8):
            simulation.step(goal)
            seen.append({**simulation.sense(), "position": simulation.position})
    return {name: np.array([tick[name] for tick in seen]) for name in seen[0]}


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_a_dynamixel_meets_its_data_sheet(name):
    stall, current, fastest = SHEETS[name]
    motor, seconds = make_motors(robot(name), 1), 0.002
    motor.values["supply_resistance"][:] = 0.0
    motor.prepare(seconds)
    far, none, speed = np.full((1, 1), 5.0), np.zeros((1, 1)), np.zeros((1, 1))
    for _ in range(100):
        torque = motor.torque(far, speed)
    assert torque - motor.friction(none, speed) == pytest.approx(stall, rel=0.01)
    assert motor.current == pytest.approx(current, rel=0.01)
    for _ in range(2000):
        drive = motor.torque(far, speed) - motor.friction(none, speed)
        speed = speed + seconds * drive / motor.values["armature"]
    assert speed / REV_MIN == pytest.approx(fastest, rel=0.01)


@pytest.mark.parametrize("name", sorted(MOTORS & TABLES))
def test_a_motor_file_counts_as_the_servos_registers_do(name):
    servo, table = load_servo(name), ControlTable.load(name)
    assert servo.quantum == pytest.approx(table["present_position"].scale, rel=1e-6)
    assert servo.velocity_quantum == pytest.approx(table["present_velocity"].scale, rel=1e-4)
    supply = servo.parameters["supply_voltage"]
    for limit in ("min_voltage_limit", "max_voltage_limit"):
        register = table[limit]
        assert supply.low <= register.to_si(register.initial) <= supply.high
    if "pwm_limit" in table.registers:
        assert servo.pwm_counts == table["pwm_limit"].maximum
    if "goal_current" in table.registers:
        highest = table["current_limit"].to_si(table["current_limit"].maximum)
        assert servo.parameters["current_limit"].value == pytest.approx(highest, abs=0.01)


@pytest.mark.parametrize("name", sorted(MOTORS))
def test_every_nominal_value_is_physical(name):
    for parameter in load_servo(name).parameters.values():
        assert parameter.low <= parameter.value <= parameter.high, parameter.name


@pytest.mark.parametrize("name", sorted(MOTORS - {"xl330", "pd"}))
def test_motor_files_of_one_law_have_the_same_parameters(name):
    found, known = (load_servo(servo).parameters for servo in (name, "xl330"))
    assert [(p.name, p.unit) for p in found.values()] == [(p.name, p.unit) for p in known.values()]


@pytest.mark.parametrize("pair", PAIRS)
def test_each_motor_of_a_mixed_robot_acts_exactly_as_among_its_like(pair):
    mixed = driven(robot(*pair))
    for i, servo in enumerate(pair):
        alike = driven(robot(servo, servo))
        assert np.array_equal(mixed[..., i], alike[..., i]), servo


@pytest.mark.parametrize("pair", PAIRS)
def test_each_joint_of_a_mixed_robot_moves_and_reports_as_among_its_like(pair):
    mixed = moved(robot(*pair))
    for i, servo in enumerate(pair):
        alike = moved(robot(servo, servo))
        for name, seen in mixed.items():
            # MuJoCo's solver looks at all joints to see when it is done: the last bits are its.
            assert np.abs(seen[..., i] - alike[name][..., i]).max() < 1e-12, (servo, name)


def test_every_joint_is_judged_by_its_own_servo():
    # An XL330's constant is physical up to 1.5 N m/A, an XM430's from 0.3 N m/A on.
    for pair in (("xl330", "xm430"), ("xm430", "xl330")):
        spec = robot(*pair)
        both = make_motors(spec, 1).parameters["motor_constant"]
        assert (both.low, both.high) == (0.05, 8.0)
        assert both.nominal == tuple(
            load_servo(servo).parameters["motor_constant"].value for servo in pair
        )
        for i, servo in enumerate(pair):
            wrong = {"xl330": 2.4, "xm430": 0.1}[servo]
            joints = [*spec.joints]
            joints[i] = replace(joints[i], motor={"motor_constant": wrong})
            own = load_servo(servo).parameters["motor_constant"]
            said = rf"joint {i}: .* is {wrong} N m/A; physical is {own.low:g} to {own.high:g}"
            with pytest.raises(ModelError, match=said):
                make_motors(replace(spec, joints=tuple(joints)), 1)


def test_servos_of_different_laws_are_refused_in_one_sentence():
    said = r"^robot 'servo' has servos whose control laws differ: pd \(pd\), xm430 \(duty\); give"
    with pytest.raises(ModelError, match=said):
        Simulation(robot("pd", "xm430"), 1, SimulationConfig(threads=1))


@pytest.mark.parametrize("name", sorted(TABLES - MOTORS))
def test_a_servo_that_can_only_be_driven_is_refused_by_the_simulation(name):
    said = rf"^no motor file for servo '{name}'; there are: .*xm430.*; simulate it as one of these"
    with pytest.raises(ModelError, match=said):
        Simulation(robot("xl330", name), 1, SimulationConfig(threads=1))


def test_what_a_twin_hides_scales_each_joints_own_value():
    doubled = Randomization(terms=(Term(parameter="armature", operation="scale", low=2, high=2),))
    hidden = worn(robot("xl330", "xm430"), doubled, 1)["armature"]
    assert hidden == pytest.approx([2 * 0.0018, 2 * 0.012])
    assert worn(robot("xm430", "xm430"), doubled, 1)["armature"].shape == ()
