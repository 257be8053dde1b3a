"""Laws of the simulation: same bits however it is split, and every parameter counts."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation, nominal_parameters
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
CONFIG = SimulationConfig(threads=1, backlash=True, delta_action=True)
BUSY = {
    "friction_external": 0.1,
    "friction_stribeck": 0.02,
    "current_limit": 0.8,
    "supply_resistance": 0.4,
    "command_delay": 0.013,
    "backlash": 0.02,
    "delta_error": 0.05,
}
"""Values under which no parameter of the model is idle."""


def parameters():
    return Simulation(SPEC, 1, CONFIG).parameters


def drive(simulation, ticks=40):
    """What the sensors say under a swinging command that saturates the motor, `(ticks, n, k)`."""
    n, seen = simulation.n, []
    for tick in range(ticks):
        simulation.step(np.full((n, 1), 1.5 * np.sin(0.4 * tick) + (tick % 10 > 5)))
        seen.append(np.concatenate([simulation.position, *simulation.observe().values()], axis=1))
    return np.array(seen)


def busy(n, config=CONFIG):
    simulation = Simulation(SPEC, n, config)
    everyone = np.arange(n)
    for name, value in BUSY.items():
        simulation.set(name, np.array(value), everyone)
    simulation.settle(everyone)
    return simulation


def various(rows, threads):
    """Robots `rows` of a family in which every robot differs, driven, half reset, and driven."""
    simulation = busy(len(rows), replace(CONFIG, threads=threads))
    simulation.wire.dice = Dice(0, 7).of(np.array(rows))
    everyone = np.arange(len(rows))
    for name, parameter in simulation.parameters.items():
        value = np.array([parameter.value * (1.0 + 0.05 * row) for row in rows])[:, None]
        if name not in BUSY:
            simulation.set(name, np.clip(value, parameter.low, parameter.high), everyone)
    simulation.settle(everyone)
    before = drive(simulation)
    odd = np.flatnonzero(np.array(rows) % 2)
    angle = np.array([[0.1 * rows[i]] for i in odd]).reshape(-1, 1)
    simulation.reset(odd, Start(position=angle, velocity=-angle))
    return np.concatenate([before, drive(simulation)])


def test_the_bits_do_not_depend_on_threads_or_on_who_shares_a_batch():
    whole = various([0, 1, 2, 3, 4, 5, 6], threads=1)
    assert np.isfinite(whole).all()
    assert various([0, 1, 2, 3, 4, 5, 6], threads=2).tobytes() == whole.tobytes()
    for part in ([0], [1], [2, 3], [5, 1, 6]):
        assert various(part, threads=2).tobytes() == whole[:, part].tobytes()


def test_a_reset_forgets_everything():
    used, new = busy(2), busy(2)
    drive(used)
    for simulation in (used, new):
        start = Start(position=np.array([[0.4], [-0.2]]), velocity=np.array([[1.0], [0.0]]))
        simulation.reset(np.arange(2), start)
        simulation.wire.dice = Dice(1, 2)  # noise goes on, as it does on a robot
    assert drive(used).tobytes() == drive(new).tobytes()


def test_a_value_set_and_taken_back_leaves_no_trace():
    changed, untouched = busy(1), busy(1)
    only = np.array([0])
    for name, parameter in changed.parameters.items():
        value = changed.values(name).copy()
        for other in (parameter.low, parameter.high, *np.geomspace(1.0, 1.5, 5) * value[0, 0]):
            changed.set(name, np.clip(other, parameter.low, parameter.high), only)
            changed.settle(only)
        changed.set(name, value, only)
        changed.settle(only)
    for simulation in (changed, untouched):
        simulation.reset(only, Start(position=np.zeros((1, 1))))
    assert drive(changed).tobytes() == drive(untouched).tobytes()


@pytest.mark.parametrize("name", sorted(parameters()))
def test_every_parameter_changes_what_is_sensed(name):
    simulation = busy(2)
    simulation.wire.dice = Dice(0, 1).of(np.array([0, 0]))  # both robots draw the same numbers
    parameter = simulation.parameters[name]
    value = 20.0 if name == "inertia" else 0.5 * simulation.values(name)[0, 0]
    value = (
        value if value >= parameter.low and value else 0.9 * parameter.low + 0.1 * parameter.high
    )
    value = value or 0.05
    simulation.set(name, np.array(value), np.array([1]))
    simulation.settle(np.arange(2))
    simulation.reset(np.arange(2), Start(position=np.zeros((2, 1))))
    seen = drive(simulation)
    assert np.abs(seen[:, 1] - seen[:, 0]).max() > 1e-4


@pytest.mark.parametrize("name", sorted(parameters()))
def test_an_unphysical_value_is_refused_and_not_set(name):
    simulation = Simulation(SPEC, 1, CONFIG)
    parameter, before = simulation.parameters[name], simulation.values(name).copy()
    for value in (parameter.low - 1.0, parameter.high + 1.0, np.nan, np.inf):
        with pytest.raises(ModelError, match=f"parameter '{name}' would be .* physical is"):
            simulation.set(name, np.array(value), np.array([0]))
    assert np.array_equal(simulation.values(name), before)


def test_an_unknown_parameter_hears_which_exist():
    with pytest.raises(ModelError, match="no parameter 'weight'; there are: armature, backlash"):
        Simulation(SPEC, 1, CONFIG).set("weight", np.array(1.0), np.array([0]))


@pytest.mark.parametrize(("rate", "steps"), [(50.0, 7), (100.0, 4), (33.0, 11)])
def test_a_step_is_shortened_until_it_divides_the_control_period(rate, steps):
    # 20 ms at most 3 ms a step: seven of 2.857 ms.
    simulation = Simulation(replace(SPEC, rate=rate), 1, SimulationConfig(timestep=0.003))
    assert simulation.substeps == steps
    assert simulation.timestep * steps == pytest.approx(1.0 / rate)


def test_a_model_without_the_specs_joint_is_refused():
    spec = replace(SPEC, model=SPEC.model.replace('"shoulder"', '"elbow"'))
    with pytest.raises(ModelError, match="has no joint 'shoulder'; it has: elbow"):
        Simulation(spec, 1)
    with pytest.raises(ModelError, match="does not compile"):
        Simulation(replace(SPEC, model="<mujoco><wrong/></mujoco>"), 1)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_load_hangs_in_the_play_by_half_of_it(side):
    simulation = busy(1, replace(CONFIG, timestep=0.001))
    for _ in range(100):
        simulation.step(np.full((1, 1), side))
    play = simulation.position - simulation.batch.bind("qpos")[:, :1]
    # gravity pulls the shaft back through 0.02 rad of play: 0.01 rad from the middle
    assert side * play.item() == pytest.approx(-0.01, abs=5e-4)


def energy(simulation):
    """Kinetic and potential energy of the pendulum [J]: 0.49 kg at 0.1 m, and the rotor."""
    inertia = 0.49 * 0.1**2 + 1e-6 + simulation.values("armature")
    height = 0.49 * 9.81 * 0.1 * (1.0 - np.cos(simulation.position))
    return (0.5 * inertia * simulation.velocity**2 + height).item()


def limp(**values):
    simulation = Simulation(SPEC, 1, SimulationConfig(timestep=0.001, threads=1))
    simulation.motor.enabled[:] = False
    for name in ("friction_base", "viscous", "friction_stribeck", "friction_external"):
        simulation.set(name, np.array(values.get(name, 0.0)), np.array([0]))
    simulation.reset(np.array([0]), Start(position=np.array([[1.2]])))
    return simulation


def test_a_limp_pendulum_without_friction_keeps_its_energy():
    simulation = limp()
    first = energy(simulation)
    for _ in range(50):
        simulation.step(np.zeros((1, 1)))
        assert energy(simulation) == pytest.approx(first, rel=0.02)


def test_friction_only_ever_takes_energy():
    simulation = limp(friction_base=0.02, viscous=0.002)
    left = [energy(simulation)]
    for _ in range(100):
        simulation.step(np.zeros((1, 1)))
        left.append(energy(simulation))
    assert (np.diff(left) < 1e-4).all()
    assert left[-1] < 0.5 * left[0]


def test_angles_are_reported_in_whole_counts_and_speeds_in_whole_steps():
    simulation = busy(3)
    drive(simulation)
    counts = simulation.sense()["joint_position"] / (2.0 * np.pi / 4096)
    steps = simulation.sense()["joint_velocity"] / 0.0239808
    assert counts == pytest.approx(np.round(counts), abs=1e-9)
    assert steps == pytest.approx(np.round(steps), abs=1e-6)


@pytest.mark.parametrize("robot", ["servo", "arm", "quadruped"])
def test_whatever_a_robot_is_trained_over_has_a_nominal_value(robot):
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    parameters = nominal_parameters(spec, ranges.names)
    ends = ranges.ends({name: parameter.value for name, parameter in parameters.items()})
    assert set(ends) == set(ranges.names)
