"""Laws of the twin's physics: the simulation's own, seen from the encoder."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SPEC, with_joint

from ashore.envs.errors import ModelError
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.hidden import draw_hidden
from ashore.envs.twin.plant import Drive, Sense
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.servos.firmware import Firmware
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire import dynamixel


def drive(goal: float, torque: bool = True, **changed: float) -> Drive:
    values = {"p_gain": 400.0, "pwm_limit": 1.0, "current_limit": 1.75, **changed}
    columns = {name: np.array([value]) for name, value in values.items()}
    return Drive(torque_enabled=np.array([torque]), goal=np.array([goal]), **columns)


def run(plant: ServoPlant, told: Drive, steps: int) -> list[Sense]:
    return [plant.step(told) for _ in range(steps)]


def test_the_plant_is_the_simulation_step_by_step() -> None:
    plant = ServoPlant(SPEC, {"command_delay": 0.003})
    config = SimulationConfig(timestep=0.001, threads=1, backlash=True)
    simulation = Simulation(SPEC, 1, config)
    # A delay of 3 ms: a goal given before step k is obeyed from step k + 3.
    run(plant, drive(0.0), 5)
    for _ in range(5):
        simulation.substep(np.zeros((1, 1)))
    angles = [sense.position[0] for sense in run(plant, drive(0.8), 300)]
    other = []
    for step in range(300):
        simulation.substep(np.full((1, 1), 0.8 if step >= 3 else 0.0))
        other.append(simulation.position[0, 0])
    assert angles == pytest.approx(other, abs=1e-9)


def test_hidden_values_act() -> None:
    def reached(**hidden: float) -> float:
        return float(run(ServoPlant(SPEC, hidden), drive(0.8), 400)[-1].position[0])

    nominal = reached()
    assert reached(encoder_offset=0.05) != nominal
    assert reached(motor_constant=0.3) < nominal
    assert reached(mass=1.5) < nominal
    assert reached(gain_divisor=512.0) < nominal


def test_a_hidden_value_that_cannot_be_is_refused() -> None:
    with pytest.raises(ModelError, match="no parameter 'colour'"):
        ServoPlant(SPEC, {"colour": 1.0})
    with pytest.raises(ModelError, match="physical is"):
        ServoPlant(SPEC, {"mass": 100.0})


def test_a_limp_motor_draws_no_current_and_the_arm_falls() -> None:
    plant = ServoPlant(SPEC, {})
    plant.simulation.reset(np.array([0]), Start(position=np.array([[1.0]])))
    senses = run(plant, drive(1.0, torque=False), 300)
    assert all(sense.current[0] == sense.duty[0] == 0.0 for sense in senses)
    assert senses[-1].position[0] < 0.5


@pytest.mark.parametrize("seed", ["none", "1", "2", "3", "4"])
def test_torque_never_obeys_a_goal_that_was_replaced_before_it_came(seed: str) -> None:
    plant = ServoPlant(SPEC, draw_hidden(SPEC, seed))
    rest = run(plant, drive(3.0, torque=False), 200)[-1].position[0]
    senses = run(plant, drive(rest), 200)
    assert max(abs(sense.position[0] - rest) for sense in senses) < 2.0 * np.pi / 4096
    assert max(abs(sense.duty[0]) for sense in senses) < 0.01


def test_a_goal_is_obeyed_after_the_command_delay_and_not_before() -> None:
    plant = ServoPlant(SPEC, {"command_delay": 0.03})
    run(plant, drive(0.0), 100)
    senses = run(plant, drive(0.5), 60)
    duty = np.array([sense.duty[0] for sense in senses])
    # Thirty steps of a millisecond.
    assert np.abs(duty[:30]).max() < 1e-6
    assert duty[31] > 0.05


@pytest.mark.parametrize("sign", [1, -1])
def test_firmware_sees_encoder_angles(sign: int) -> None:
    spec: RobotSpec = with_joint(sign=sign, zero_offset=0.4)
    plant = ServoPlant(spec, {})
    assert plant.sense().position == pytest.approx(0.4)
    goal = 0.4 + sign * 0.5
    straight = ServoPlant(SPEC, {})
    for sense, other in zip(
        run(plant, drive(goal), 200), run(straight, drive(0.5), 200), strict=True
    ):
        assert sense.position == pytest.approx(0.4 + sign * other.position, abs=1e-9)
        assert sense.velocity == pytest.approx(sign * other.velocity, abs=1e-9)
        assert sense.current == pytest.approx(sign * other.current, abs=1e-9)
        assert sense.duty == pytest.approx(sign * other.duty, abs=1e-9)


def test_the_servo_gives_no_more_than_its_registers_allow() -> None:
    limited = run(ServoPlant(SPEC, {}), drive(1.5, pwm_limit=0.1), 200)
    assert max(abs(sense.duty[0]) for sense in limited) <= 0.1 + 1e-9
    throttled = run(ServoPlant(SPEC, {}), drive(1.5, current_limit=0.2), 200)
    assert max(abs(sense.current[0]) for sense in throttled) <= 0.2 + 1e-9
    # A power stage that ends at 1.2 A does so whatever the register says.
    worn = ServoPlant(SPEC, {"mass": 5.0, "current_limit": 1.2})
    wild = run(worn, drive(3.0, current_limit=1.75), 300)
    assert max(abs(sense.current[0]) for sense in wild) == pytest.approx(1.2)


def test_a_motor_that_works_gets_warm_and_its_supply_sags() -> None:
    plant = ServoPlant(SPEC, {})
    idle = plant.sense()
    senses = run(plant, drive(1.5), 2000)
    assert senses[-1].temperature[0] > idle.temperature[0] + 0.1
    # 0.4 ohm of supply resistance below 6 V.
    assert 5.0 < min(sense.voltage[0] for sense in senses) < 5.99


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("duty", [0.3, -0.2, 0.0])
def test_a_duty_asked_for_is_the_duty_given_along_the_encoder(sign: int, duty: float) -> None:
    plant = ServoPlant(with_joint(sign=sign, zero_offset=0.4), {"encoder_offset": 0.03})
    senses = run(plant, replace(drive(0.4), duty=np.array([duty])), 100)
    assert senses[-1].duty[0] == pytest.approx(duty, abs=1e-3)
    # Where it is not a number, the position law holds as ever.
    told = replace(drive(0.9), duty=np.array([np.nan]))
    other = ServoPlant(with_joint(sign=sign, zero_offset=0.4), {})
    same = ServoPlant(with_joint(sign=sign, zero_offset=0.4), {})
    assert run(same, told, 50)[-1].position == run(other, drive(0.9), 50)[-1].position


@pytest.mark.parametrize("sign", [1, -1])
def test_a_lead_weighs_as_an_error_of_position_and_is_not_delayed(sign: int) -> None:
    plant = ServoPlant(with_joint(sign=sign), {"command_delay": 0.03})
    run(plant, drive(0.0), 50)
    senses = run(plant, replace(drive(0.0), lead=np.array([0.2])), 20)
    assert senses[10].duty[0] > 0.05
    assert senses[-1].position[0] > 0.0


def test_a_long_lead_to_a_battery_sags_a_stalled_servo_into_a_voltage_fault() -> None:
    # 6 V through 5 ohm and a winding of 2.81: 2.2 V at the servo, whose limit is 3.5.
    firmware = Firmware(ServoPlant(SPEC, {"supply_resistance": 5.0}), FirmwareConfig(ids=(1,)))
    firmware.handle(dynamixel.write(1, 64, b"\1"))
    firmware.handle(dynamixel.write(1, 116, (4000).to_bytes(4, "little")))
    firmware.advance(0.5)
    memory = firmware.servos[0].memory
    assert (memory.get("hardware_error_status") & 1, memory.get("torque_enable")) == (1, 0)


def test_a_robot_whose_base_floats_feels_gravity_and_its_fall() -> None:
    spec = RobotSpec.load("quadruped")
    plant, n = ServoPlant(spec, {}), len(spec.joints)
    limp = Drive(
        torque_enabled=np.zeros(n, dtype=bool),
        goal=np.zeros(n),
        p_gain=np.zeros(n),
        pwm_limit=np.ones(n),
        current_limit=np.ones(n),
    )
    assert ServoPlant(SPEC, {}).inertial() is None
    plant.simulation.base.lift(np.array([0]), np.array([0.5]))
    plant.step(limp)
    falling = plant.inertial()
    assert np.abs(falling.specific_force).max() < 0.5
    for _ in range(2500):
        plant.step(limp)
    resting = plant.inertial()
    assert np.linalg.norm(resting.specific_force) == pytest.approx(9.81, abs=0.1)
    assert np.linalg.norm(resting.rotation) == pytest.approx(1.0)
    assert np.abs(resting.angular_velocity).max() < 0.1
