"""Laws of what Feetech firmware does to a shaft: torque, goals, angles, and what it protects."""

import math
from dataclasses import replace

import numpy as np
import pytest
from feetech_host import CONFIG, FeetechHost

from ashore.envs.twin.feetech.goal_ramp import UNLIMITED, GoalRamp
from ashore.hardware.wire import feetech

pytestmark = pytest.mark.slow

COUNT = math.tau / 4096
VOLTAGE, OVERHEAT, OVERCURRENT, OVERLOAD = 0x01, 0x04, 0x08, 0x20
WHOLE_TURNS = 0x10


def stiff(**plant: float) -> FeetechHost:
    """Three servos whose P gain makes something of these small pendulums."""
    host = FeetechHost(**plant)
    host.ask(feetech.write(254, 21, bytes([254])))
    return host


def pushing() -> FeetechHost:
    """The first servo pushes with all it has, and cannot move."""
    host = stiff(supply=8.0)
    host.plant.blocked = True
    host.write("goal_position", 3000)
    return host


@pytest.fixture
def host() -> FeetechHost:
    return stiff()


def test_without_torque_the_shaft_hangs_and_with_it_goes_to_its_goal(host: FeetechHost) -> None:
    host.plant.position[:] = 0.3
    host.run(3.0)
    assert abs(host.read("present_position") - 2048) < 20
    host.write("goal_position", 2200)
    host.run(1.0)
    assert host.read("present_position") == pytest.approx(2200, abs=25)
    assert host.read("present_load") > 0
    host.write("torque_enable", 0)
    host.run(3.0)
    assert host.read("present_load") == 0
    assert abs(host.read("present_position") - 2048) < 20


def test_a_goal_brings_torque_with_it(host: FeetechHost) -> None:
    assert host.read("torque_enable") == 0
    host.ask(feetech.sync_write({1: (2048).to_bytes(2, "little")}, 42))
    assert host.read("torque_enable") == 1


def test_nothing_moves_because_it_was_switched_on() -> None:
    host = FeetechHost(position=0.5)
    assert host.read("goal_position") == host.read("present_position") == 2048 + 326
    assert host.read("torque_enable") == 0


def test_the_p_gain_reaches_the_motor_as_the_register_has_it(host: FeetechHost) -> None:
    host.write("position_p_gain", 32)
    host.write("goal_position", 2148)
    host.run(0.001)
    # 100 counts of error on a plant of `duty = e P / 128 / 885`: 0.0282, told in 0.001.
    assert host.read("present_load") == 28


def test_the_torque_limit_bounds_the_duty(host: FeetechHost) -> None:
    host.write("torque_limit", 300)
    host.plant.blocked = True
    host.write("goal_position", 4000)
    host.run(0.01)
    assert host.read("present_load") == 300
    host.write("goal_position", 100)
    host.run(0.01)
    assert host.read("present_load") == -300


def test_a_brake_slows_what_limp_swings(host: FeetechHost) -> None:
    host.write("torque_enable", 2, servo=1)
    host.plant.velocity[:] = 5.0
    host.run(0.05)
    braked, free = host.plant.velocity[:2]
    assert abs(braked) < 0.5 * abs(free)


def test_goals_stop_at_the_position_limits_unless_both_are_zero(host: FeetechHost) -> None:
    host.write("max_position_limit", 2100)
    host.write("goal_position", 2500)
    host.run(1.0)
    assert host.read("goal_position") == 2500
    assert host.read("present_position") <= 2110
    host.write("max_position_limit", 0)
    host.run(1.0)
    assert host.read("present_position") > 2400


def test_in_velocity_mode_it_turns_on_and_backs_off_when_held(host: FeetechHost) -> None:
    host.write("operating_mode", 1)
    host.write("torque_enable", 1)
    host.write("goal_velocity", -1000)
    host.run(2.0)
    # 1000 counts/s for two seconds; gravity makes the pendulum hurry and lag.
    assert host.plant.position[0] == pytest.approx(-2000 * COUNT, abs=0.2)
    host.plant.blocked = True
    host.run(3.0)
    host.plant.blocked = False
    host.write("goal_velocity", 0)
    host.run(1.0)
    assert host.plant.position[0] > -2000 * COUNT - 2.0


def test_in_pwm_mode_the_duty_is_what_was_asked_for_within_the_limit(host: FeetechHost) -> None:
    host.write("operating_mode", 2)
    host.write("torque_enable", 1)
    host.write("goal_time", -250)
    host.run(0.01)
    assert host.read("present_load") == -250
    host.write("torque_limit", 100)
    host.run(0.01)
    assert host.read("present_load") == -100


def test_a_magnitude_has_its_sign_in_a_bit_of_its_own(host: FeetechHost) -> None:
    host.plant.velocity[0] = -2.0
    host.run(0.001)
    (frame,) = host.ask(feetech.read(1, 58, 2))
    raw = int.from_bytes(frame.params, "little")
    assert raw >> 15 == 1
    assert raw & 0x7FFF == pytest.approx(2.0 / COUNT, rel=0.05)


def test_an_offset_is_taken_off_the_position(host: FeetechHost) -> None:
    # -100 is 100 with bit 11 set.
    host.ask(feetech.write(1, 31, (100 | 1 << 11).to_bytes(2, "little")))
    host.run(0.001)
    assert host.read("homing_offset") == -100
    assert host.read("present_position") == 2148
    host.write("goal_position", 2148)
    host.run(0.5)
    assert host.plant.position[0] == pytest.approx(0.0, abs=0.01)


def test_128_makes_the_present_position_the_middle_for_good_and_moves_nothing() -> None:
    host = FeetechHost(position=0.5)
    host.write("torque_enable", 1)
    host.write("torque_enable", 128)
    assert (host.read("torque_enable"), host.read("homing_offset")) == (1, 326)
    host.run(0.2)
    assert host.read("present_position") == pytest.approx(2048, abs=60)
    host.firmware.servos[0].boot()
    assert host.read("homing_offset") == 326


def test_calibrate_makes_it_read_as_asked() -> None:
    host = FeetechHost(position=0.5)
    host.ask(feetech.calibrate(1, 1000))
    host.run(0.001)
    assert host.read("present_position") == pytest.approx(1000, abs=2)


def test_one_turn_wraps_and_whole_turns_count_on(host: FeetechHost) -> None:
    host.write("phase", 12 | WHOLE_TURNS, servo=2)
    host.plant.position[:] = 1.25 * math.tau
    host.run(0.001)
    assert host.read("present_position", 1) == pytest.approx(2048 + 1024, abs=2)
    assert host.read("present_position", 2) == pytest.approx(2048 + 5120, abs=2)
    host.ask(feetech.forget_turns(2))
    host.run(0.001)
    assert host.read("present_position", 2) == pytest.approx(2048 + 1024, abs=2)


def test_a_goal_is_led_at_its_speed(host: FeetechHost) -> None:
    host.write("goal_velocity", 500)
    host.write("goal_position", 2548)
    led = host.track("position_trajectory", 0.5, 0.1)
    # 500 counts a second: 50 in a tenth of one.
    assert led == pytest.approx([2098, 2148, 2198, 2248, 2298], abs=2)
    host.run(1.0)
    assert host.read("position_trajectory") == 2548


def test_a_goal_is_led_up_to_speed_and_to_a_stop(host: FeetechHost) -> None:
    host.write("acceleration", 20)
    host.write("goal_position", 2548)
    led = np.array(host.track("position_trajectory", 1.2))
    speed = np.diff(led) / 0.01
    # With 20 * 100 counts/s² over 500 counts: a second, and sqrt(2000 * 500) counts/s half way.
    assert speed.max() == pytest.approx(1000, rel=0.1)
    assert led[49] == pytest.approx(2298, abs=12)
    assert led.max() <= 2549
    assert led[-1] == 2548


def test_speed_and_acceleration_of_zero_are_none(host: FeetechHost) -> None:
    host.write("goal_position", 2500)
    host.run(0.001)
    assert host.read("position_trajectory") == 2500


def test_torque_that_comes_back_starts_from_where_the_shaft_is(host: FeetechHost) -> None:
    host.write("goal_velocity", 200)
    host.write("goal_position", 2400)
    host.run(3.0)
    host.write("torque_enable", 0)
    host.run(3.0)
    host.write("torque_enable", 1)
    host.run(0.1)
    assert host.read("position_trajectory") < 2150


def test_a_ramp_is_never_faster_nor_harder_than_it_may_and_not_a_count_past_its_goal() -> None:
    rng, seconds = np.random.default_rng(0), 0.001
    n = 64
    ramp = GoalRamp(rng.normal(0.0, 1.0, n))
    speed = rng.choice([0.5, 3.0, UNLIMITED], n)
    acceleration = rng.choice([2.0, 30.0, UNLIMITED], n)
    goal = rng.normal(0.0, 1.0, n)
    side = np.sign(goal - ramp.position)
    for _ in range(8000):
        before = ramp.velocity.copy()
        ramp.step(goal, speed, acceleration, seconds)
        assert (np.abs(ramp.velocity) <= speed + 1e-9).all()
        assert (np.abs(ramp.velocity - before) <= acceleration * seconds + 1e-9).all()
        assert (side * (ramp.position - goal) < COUNT).all()
    assert np.abs(goal - ramp.position).max() < 1e-6


def test_overload_leaves_the_protective_torque_after_its_time() -> None:
    host = pushing()
    host.run(1.9)
    assert (host.error(), host.read("present_load")) == (0, 1000)
    host.run(0.2)
    assert (host.error(), host.read("hardware_error_status")) == (OVERLOAD, OVERLOAD)
    assert (host.read("present_load"), host.read("torque_enable")) == (200, 1)


def test_a_goal_that_pushes_on_does_not_end_an_overload_and_one_that_comes_back_does() -> None:
    host = pushing()
    host.run(2.2)
    assert host.write("goal_position", 3100) == OVERLOAD
    host.write("goal_position", 2048)
    host.run(0.1)
    assert host.error() == 0
    host.write("goal_position", 3000)
    host.run(0.1)
    assert (host.error(), host.read("present_load")) == (0, 1000)


def test_torque_off_ends_an_overload() -> None:
    host = pushing()
    host.run(2.2)
    host.ask(feetech.sync_write({1: b"\0"}, 40))
    assert host.error() == 0


def test_an_overload_that_shuts_nothing_down_is_told_all_the_same() -> None:
    host = pushing()
    host.write("shutdown", 0)
    host.run(2.2)
    assert (host.error(), host.read("present_load")) == (OVERLOAD, 1000)


def test_a_servo_that_pushes_with_nothing_is_never_overloaded(host: FeetechHost) -> None:
    host.write("overload_torque", 0)
    host.write("current_limit", 0)
    host.run(2.5)
    assert host.error() == 0


def test_too_much_current_for_too_long_takes_the_power_stage_off() -> None:
    host = pushing()
    host.write("overload_torque", 100)
    host.write("torque_limit", 700)
    # 0.7 of 8 V through 2.81 ohm are 1.99 A; 250 counts are 1.6 A.
    host.write("current_limit", 250)
    host.run(1.9)
    assert host.error() == 0
    assert host.read("present_current") == pytest.approx(1.99 / 0.0065, abs=2)
    host.run(0.2)
    assert (host.error(), host.read("present_load")) == (OVERCURRENT, 0)
    host.write("goal_position", 2048)
    host.run(0.1)
    assert host.error() == 0


def test_supply_and_heat_are_told_of_while_they_last(host: FeetechHost) -> None:
    host.write("goal_position", 2300)
    host.run(0.2)
    host.plant.supply, host.plant.temperature = 15.0, 80.0
    host.run(0.01)
    assert host.error() == VOLTAGE | OVERHEAT
    # Factory's `shutdown` has heat and not voltage.
    assert (host.read("present_load"), host.read("torque_enable")) == (0, 1)
    host.plant.temperature = 40.0
    host.run(0.1)
    assert host.error() == VOLTAGE
    assert host.read("present_load") != 0
    host.plant.supply = 12.0
    host.run(0.01)
    assert host.error() == 0


def test_a_fault_from_outside_is_obeyed_and_stays(host: FeetechHost) -> None:
    host.write("goal_position", 2300)
    host.run(0.2)
    host.firmware.servos[0].memory.put("hardware_error_status", OVERHEAT)
    host.run(0.1)
    assert (host.error(), host.read("present_load")) == (OVERHEAT, 0)
    memory = host.firmware.servos[1].memory
    memory.put("torque_enable", 0)
    memory.put("hardware_error_status", OVERLOAD)
    for goal in (2300, 2048):
        assert host.write("goal_position", goal, servo=2) == OVERLOAD
        host.run(0.1)
    assert host.read("present_load", 2) == 0
    host.write("torque_enable", 0, servo=2)
    assert host.error(2) == 0


def test_without_a_host_the_last_goal_is_held(host: FeetechHost) -> None:
    host.write("goal_position", 2200)
    host.run(5.0)
    assert host.read("present_position") == pytest.approx(2200, abs=25)


def test_an_scs_moves_within_its_three_hundred_degrees() -> None:
    host = FeetechHost(replace(CONFIG, ids=(1,), model="scs0009"))
    host.write("position_p_gain", 254)
    host.write("goal_position", 600)
    host.run(1.0)
    # 88 counts of 300°/1023.
    assert host.plant.position[0] == pytest.approx(math.radians(88 * 300 / 1023), abs=0.04)
    assert host.read("present_position") == pytest.approx(600, abs=8)
