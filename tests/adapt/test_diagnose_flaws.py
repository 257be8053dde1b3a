"""Laws of what makes a log worthless, and of saying where and why."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ashore.adapt.diagnose.usability import inspect, require_usable
from ashore.adapt.errors import AdaptError
from ashore.hardware.logs.log import Commands, Event, Log, LogHeader, PolicySteps, Readings
from ashore.hardware.spec import RobotSpec

ARM, QUADRUPED = RobotSpec.load("arm"), RobotSpec.load("quadruped")


def log(spec=ARM, seconds=12.0):
    """A log of joints that swing about their default pose with noise, and lag a little behind."""
    rng = np.random.default_rng(0)
    rows, joints = round(seconds * spec.rate), len(spec.joints)
    time, rate = np.arange(rows) / spec.rate + 100.0, rng.uniform(2.0, 5.0, joints)
    home = spec.column("default")
    angle = home + 0.2 * np.sin(rate * (time[:, None] - 100.05))
    angle += rng.normal(0.0, 0.001, angle.shape)
    speed = 0.2 * rate * np.cos(rate * (time[:, None] - 100.05))
    ones, still = np.ones((rows, joints)), np.zeros((rows, 3))
    readings = Readings(
        time=time, position=angle, velocity=speed, current=rng.normal(0.0, 0.1, angle.shape),
        voltage=12.0 * ones, temperature=30.0 * ones, age=0.0 * ones,
        fault=np.zeros((rows, joints), np.uint8), torque_enabled=ones > 0.0, duty=0.1 * ones,
        gyro=still + rng.normal(0.0, 0.01, still.shape), acceleration=still,
        gravity=still - [0.0, 0.0, 1.0], inertial_age=np.zeros(rows),
    )
    goal = home + 0.2 * np.sin(rate * (time[:, None] - 100.0))
    nothing = np.zeros((0, 1))
    return Log(
        path=Path("log.mcap"), header=LogHeader(robot=spec.name), readings=readings,
        commands=Commands(time=time.copy(), position=goal),
        policy=PolicySteps(time=nothing[:, 0], observation=nothing, action=nothing, signals={}),
        events=[], raw=[], damage=None,
    )


def changed(whole, **tables):
    return replace(whole, readings=replace(whole.readings, **tables))


def kinds(whole, spec=ARM):
    return {(flaw.kind, flaw.severity) for flaw in inspect(whole, spec).flaws}


@pytest.mark.parametrize("spec", [ARM, QUADRUPED], ids=lambda spec: spec.name)
def test_a_good_log_has_no_flaw(spec):
    found = inspect(log(spec), spec)
    assert found.flaws == ()
    assert found.usable
    assert found.seconds == pytest.approx(12.0)


def test_a_short_log_and_a_still_one_are_of_no_use():
    assert kinds(log(seconds=7.0)) == {("length", "unusable")}
    still = log()
    position = np.tile(still.readings.position[:1], (600, 1))
    still = changed(still, position=position, velocity=0.0 * position)
    assert ("excitation", "unusable") in kinds(still)


def test_a_leg_that_does_not_swing_aside_is_told_and_the_walk_is_used():
    walk = log(QUADRUPED)
    position = walk.readings.position.copy()
    position[:, 0] = 0.001 * np.sin(walk.readings.time)
    found = inspect(changed(walk, position=position), QUADRUPED)
    flaw = next(flaw for flaw in found.flaws if flaw.kind == "excitation")
    assert found.usable
    assert flaw.what.startswith("front_left_abduction moved by less than 0.01 rad")


def test_a_clock_that_runs_backwards_is_caught_with_its_time():
    time = log().readings.time.copy()
    time[300:] -= 1.0
    found = inspect(changed(log(), time=time), ARM)
    assert [flaw.kind for flaw in found.reasons] == ["clock"]
    assert found.reasons[0].where[0][0] == pytest.approx(5.0)


@pytest.mark.parametrize("rows", [1, 25])
def test_a_shuffled_clock_is_caught_though_its_times_rise(rows):
    whole = log()
    order = np.random.default_rng(1).permutation(600 // rows)
    order = (order[:, None] * rows + np.arange(rows)).ravel()
    shuffled = changed(whole, position=whole.readings.position[order],
                       velocity=whole.readings.velocity[order])
    assert not inspect(shuffled, ARM).usable


def test_stamps_that_were_shuffled_are_caught():
    time = np.random.default_rng(1).permutation(log().readings.time)
    assert ("clock", "unusable") in kinds(changed(log(), time=time))


@pytest.mark.parametrize(("factor", "severity"), [(1.06, "warn"), (1.5, "unusable")])
def test_another_rate_than_the_specs_is_a_clock_that_drifts(factor, severity):
    time = log().readings.time
    slow = changed(log(), time=100.0 + factor * (time - 100.0))
    assert ("clock", severity) in kinds(slow)


def test_a_jittering_clock_is_told():
    time = log().readings.time
    late = time + np.random.default_rng(0).uniform(0.0, 0.015, len(time))
    assert ("clock", "warn") in kinds(changed(log(), time=late))


def test_a_silent_joint_is_named_with_when():
    age = np.zeros((600, 6))
    age[100:350, 2] = 0.02
    flaw = next(f for f in inspect(changed(log(), age=age), ARM).flaws if f.kind == "silence")
    assert flaw.severity == "unusable"
    assert flaw.what == "elbow_flex answered in 58% of the control steps"
    assert flaw.where == (pytest.approx((2.0, 6.98)),)


def test_a_gap_is_told_and_many_are_of_no_use():
    kept = np.r_[0:200, 240:600]
    whole = log()

    def some(rows):
        tables = {name: value[rows] for name, value in vars(whole.readings).items()}
        return replace(whole, readings=Readings(**tables))

    assert ("gaps", "warn") in kinds(some(kept))
    rare = np.flatnonzero(np.random.default_rng(0).uniform(size=600) < 0.7)
    assert ("gaps", "unusable") in kinds(some(rare))


def test_a_dead_servo_and_a_robot_without_torque_are_told():
    on = np.ones((600, 6), dtype=bool)
    on[400:, 3] = False
    flaw = inspect(changed(log(), torque_enabled=on), ARM).flaws[0]
    assert (flaw.kind, flaw.severity) == ("torque", "warn")
    assert flaw.where == (pytest.approx((8.0, 11.98)),)
    assert ("torque", "unusable") in kinds(changed(log(), torque_enabled=~np.ones_like(on)))


def test_a_servo_at_its_limit_is_told_and_used():
    duty = 0.1 * np.ones((600, 6))
    duty[100:400, 1] = -1.0
    found = inspect(changed(log(), duty=duty), ARM)
    assert found.usable
    assert found.flaws[0].what == "at full duty: shoulder_lift for 50% of the time"


def test_numbers_that_are_none_are_poison():
    position = log().readings.position.copy()
    position[50, 1] = np.nan
    found = inspect(changed(log(), position=position), ARM)
    assert "1 values of position are not finite numbers (at 1.00" in str(found.reasons[0])
    with pytest.raises(AdaptError, match=r"log\.mcap is of no use: 1 values of position"):
        require_usable(changed(log(), position=position), ARM)


def test_a_stuck_encoder_is_named():
    position = log().readings.position.copy()
    position[100:400, 0] = position[100, 0]
    flaw = inspect(changed(log(), position=position), ARM).reasons[0]
    assert flaw.what.startswith("the encoder of shoulder_pan stood while its goals moved")


def test_a_joint_that_jumps_is_named_and_one_slip_is_forgiven():
    position = log().readings.position.copy()
    position[300, 4] += 1.5
    assert ("poison", "warn") in kinds(changed(log(), position=position))
    position[100:500:40, 4] += 1.5
    assert ("poison", "unusable") in kinds(changed(log(), position=position))


def test_a_stretch_that_was_pasted_twice_is_caught():
    whole = log()
    position, current = whole.readings.position.copy(), whole.readings.current.copy()
    position[400:500], current[400:500] = position[100:200], current[100:200]
    flaws = inspect(changed(whole, position=position, current=current), ARM).reasons
    assert any("2.0 s of the log are a copy" in flaw.what for flaw in flaws)


def test_a_fall_is_told_with_when_and_a_robot_that_lies_is_of_no_use():
    gravity = np.tile([0.0, 0.0, -1.0], (600, 1))
    gravity[500:] = [1.0, 0.0, 0.0]
    flaw = inspect(changed(log(QUADRUPED), gravity=gravity), QUADRUPED).flaws[0]
    assert (flaw.kind, flaw.severity) == ("fall", "warn")
    gravity[200:] = [1.0, 0.0, 0.0]
    assert ("fall", "unusable") in kinds(changed(log(QUADRUPED), gravity=gravity), QUADRUPED)


def test_a_walker_without_its_inertial_sensor_is_of_no_use():
    blind = np.full((600, 3), np.nan)
    assert kinds(changed(log(QUADRUPED), gyro=blind, gravity=blind), QUADRUPED) == {
        ("inertial", "unusable")
    }


def test_a_fault_and_a_damaged_file_are_told():
    fault = Event(107.0, "error", "state", "fault: joint elbow_flex reports overload", {})
    broken = replace(log(), events=[fault], damage="its end is missing")
    assert kinds(broken) == {("fault", "warn"), ("damage", "warn")}


def test_a_log_of_another_robot_is_refused():
    with pytest.raises(AdaptError, match="is of 12 joints"):
        inspect(log(QUADRUPED), ARM)
