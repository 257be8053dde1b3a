"""Laws of the motor: worked numbers of a servo with easy constants."""

import numpy as np
import pytest

from ashore.envs.errors import ModelError
from ashore.envs.physics.motors import make_motors
from ashore.envs.physics.servo_model import load_servo
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")

EASY = {
    "gain_divisor": 256.0,
    "motor_constant": 0.4,
    "resistance": 4.0,
    "current_limit": 5.0,
    "supply_voltage": 6.0,
    "supply_resistance": 0.5,
    "duty_lag": 0.0,
    "viscous": 0.0,
    "friction_base": 0.01,
    "friction_load": 0.2,
    "friction_external": 0.1,
    "friction_stribeck": 0.03,
    "stribeck_velocity": 2.0,
}
TURN = 2.0 * np.pi


def motor(n=1, **changed):
    made = make_motors(SPEC, n)
    for name, value in {**EASY, **changed}.items():
        made.values[name][:] = value
    made.p_gain[:] = 400.0
    made.voltage = made.values["supply_voltage"].copy()
    return made


def push(made, error, velocity=0.0, seconds=0.001):
    made.prepare(seconds)
    return float(made.torque(np.full((1, 1), error), np.full((1, 1), velocity))[0, 0])


def test_duty_follows_the_firmwares_position_gain():
    made = motor()
    push(made, 0.1)
    # 0.1 rad = 65.19 counts; 65.19 * 400 / 256 = 101.86 of 885 PWM counts
    assert made.duty[0, 0] == pytest.approx(65.19 * 400 / 256 / 885, rel=1e-4)


def test_stall_torque_is_constant_times_voltage_over_resistance():
    # 0.4 N m/A * 6 V / 4 ohm = 0.6 N m, either way
    assert push(motor(), 3.0) == pytest.approx(0.6)
    assert push(motor(), -3.0) == pytest.approx(-0.6)


def test_the_current_limit_caps_the_torque():
    # 0.4 N m/A * 0.5 A = 0.2 N m
    assert push(motor(current_limit=0.5), 3.0) == pytest.approx(0.2)


def test_no_torque_is_left_at_no_load_speed_and_it_brakes_beyond():
    # 6 V / 0.4 V s/rad = 15 rad/s
    assert push(motor(), 3.0, 15.0) == pytest.approx(0.0, abs=1e-12)
    assert push(motor(), 3.0, 20.0) < 0.0


def test_the_pwm_limit_caps_the_duty():
    made = motor()
    made.pwm_limit[:] = 0.25
    assert push(made, 3.0) == pytest.approx(0.15)  # a quarter of 0.6 N m


def test_viscous_drag_grows_with_speed():
    made = motor(viscous=0.01)
    # at no error the winding is shorted: 0.4 * (-0.4 * 2 / 4) = -0.08; drag -0.01 * 2 = -0.02
    assert push(made, 0.0, 2.0) == pytest.approx(-0.10)


def test_the_duty_lags_by_its_time_constant():
    made = motor(duty_lag=0.009)
    # one step of 1 ms with 9 ms: 1 / (9 + 1) of the way
    push(made, 3.0)
    assert made.duty[0, 0] == pytest.approx(0.1)
    push(made, 3.0)
    assert made.duty[0, 0] == pytest.approx(0.19)


def test_a_motor_without_torque_turns_freely():
    made = motor()
    made.enabled[:] = False
    assert push(made, 3.0, 2.0) == 0.0
    assert made.current[0, 0] == 0.0


def test_the_supply_sags_under_the_current_drawn_from_it():
    made = motor()
    push(made, 3.0)
    made.sag()
    # duty 1, current 6 / 4 = 1.5 A: 6 - 0.5 * 1.5 = 5.25 V
    assert made.voltage[0, 0] == pytest.approx(5.25)


def test_a_braking_motor_cannot_pump_the_supply_up_without_bound():
    made = motor(supply_resistance=5.0)
    push(made, 3.0, 1_000.0)
    made.sag()
    assert made.voltage[0, 0] <= 7.5


def test_dry_friction_adds_base_load_and_stribeck():
    made = motor()
    push(made, 3.0)
    # motor torque 0.6: 0.01 + 0.03 + 0.2 * 0.6 + 0.1 * 0.5 = 0.21 at rest
    made.prepare(0.001)
    still = made.friction(np.array([[-0.5]]), np.zeros((1, 1)))
    assert still[0, 0] == pytest.approx(0.21)
    # at 2 rad/s the Stribeck part has fallen to 0.03 / e
    moving = made.friction(np.array([[-0.5]]), np.full((1, 1), -2.0))
    assert moving[0, 0] == pytest.approx(0.18 + 0.03 / np.e)


def test_every_nominal_value_is_physical():
    for parameter in load_servo("xl330").parameters.values():
        assert parameter.low <= parameter.value <= parameter.high, parameter.name


def test_an_unknown_servo_hears_which_exist():
    with pytest.raises(ModelError, match=r"no motor file for servo 'xl331'; there are: .*xl330"):
        load_servo("xl331")
