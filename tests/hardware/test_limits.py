"""Laws of the soft limits: a warning once, word that all is well once, and a stop at the end."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from bench import SPEC
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.errors import SpecError
from ashore.hardware.reading import Inertial, Reading
from ashore.hardware.run.limit_watch import LimitWatch
from ashore.hardware.run.safety import SafetyFilter
from ashore.hardware.safety_spec import SafetySpec
from ashore.hardware.spec import RobotSpec

JOINTS = tuple(replace(SPEC.joints[0], name=name, id=i) for i, name in enumerate(("hip", "knee")))
TWO = replace(SPEC, joints=JOINTS)


def reading(time: float = 0.0, **changed: object) -> Reading:
    still = dict.fromkeys(("position", "velocity", "current", "age"), np.zeros(2))
    warm = {"voltage": np.full(2, 5.0), "temperature": np.full(2, 30.0)}
    return Reading(time=time, **{**still, **warm, "fault": np.zeros(2, np.uint8), **changed})


def with_safety(**changed: object) -> RobotSpec:
    return replace(TWO, safety=replace(TWO.safety, **changed))


def told(watch: LimitWatch, signal: str, values: list[float]) -> list[str]:
    """What is told as the knee's `signal` takes each of `values`."""
    texts = []
    for tick, value in enumerate(values):
        row = getattr(reading(), signal).copy()
        row[1] = value
        texts += [crossing.text for crossing in watch.see(reading(tick / 50.0, **{signal: row}))]
    return texts


def test_a_hot_servo_is_told_once_and_its_cooling_once() -> None:
    # The limit is 65 °C: a warning from 57 on, taken back below 53.
    assert told(LimitWatch(TWO), "temperature", [50, 57, 58, 60, 57, 56, 54, 53, 52, 51]) == [
        "temperature of knee is near its limit: 58 °C",
        "temperature of knee is well again: 53 °C",
    ]


@given(st.lists(st.floats(20.0, 64.0), max_size=60))
def test_warnings_and_all_clears_take_turns_whatever_comes(values: list[float]) -> None:
    near = [" near " in text for text in told(LimitWatch(TWO), "temperature", values)]
    assert near == [i % 2 == 0 for i in range(len(near))]


def test_a_sagging_supply_is_told_by_the_servos_own_limits() -> None:
    # An XL330 takes 3.5 to 7 V: a warning within 0.3 V, taken back 0.45 V inside.
    assert told(LimitWatch(TWO), "voltage", [5.0, 3.7, 3.6, 3.9, 3.96, 6.8, 6.0]) == [
        "voltage of knee is near its limit: 3.7 V",
        "voltage of knee is well again: 3.96 V",
        "voltage of knee is near its limit: 6.8 V",
        "voltage of knee is well again: 6 V",
    ]


def test_a_supply_beyond_the_robots_own_limits_stops_the_run() -> None:
    watch = LimitWatch(with_safety(voltage_lower=4.5, voltage_upper=5.5))
    assert watch.danger(reading(voltage=np.array([4.5, 5.5]))) is None
    low = watch.danger(reading(voltage=np.array([4.4, 5.0])))
    assert low == "joint hip has less than its 4.5 V"
    high = watch.danger(reading(voltage=np.array([5.6, 5.6])))
    assert high == "joint hip, knee has more than its 5.5 V"
    # The servo's own limits it keeps itself, and says so by its hardware error.
    assert LimitWatch(TWO).danger(reading(voltage=np.zeros(2))) is None


def seconds_until_stop(times: float, rate: float = 50.0) -> float:
    """How long a motor bears `times` its continuous current."""
    watch = LimitWatch(with_safety(continuous_current=0.5, current_time=4.0))
    for tick in range(10_000):
        now = reading(tick / rate, current=np.array([0.0, -0.5 * times]))
        watch.see(now)
        danger = watch.danger(now)
        if danger:
            assert danger == "joint knee has drawn too much current for too long"
            return tick / rate
    return np.inf


@pytest.mark.parametrize("times", [1.2, 2.0, 5.0])
def test_a_motor_bears_too_much_current_as_long_as_its_winding_does(times: float) -> None:
    # dh/dt = (k² - h) / tau reaches 1 after -tau ln(1 - 1/k²).
    wanted = -4.0 * np.log(1.0 - 1.0 / times**2)
    assert seconds_until_stop(times) == pytest.approx(wanted, abs=0.03)


def test_a_motor_bears_its_continuous_current_for_ever() -> None:
    assert seconds_until_stop(0.999) == np.inf


def test_a_motor_that_cools_down_is_told() -> None:
    watch = LimitWatch(with_safety(continuous_current=0.5, current_time=1.0))
    # Twice the current is 0.8 after 0.22 s; without any it is below 0.7 again 0.17 s later.
    texts = told(watch, "current", [1.0] * 13 + [0.0] * 20)
    assert [text.split(":")[0] for text in texts] == [
        "current over time of knee is near its limit",
        "current over time of knee is well again",
    ]


def test_what_is_not_measured_warns_of_nothing_and_heats_nothing() -> None:
    watch, nothing = LimitWatch(TWO), np.full(2, np.nan)
    for tick in range(1000):
        now = reading(tick / 50.0, current=nothing, voltage=nothing, temperature=nothing)
        assert watch.see(now) == []
        assert watch.danger(now) is None


def danger(spec: RobotSpec, **changed: object) -> str | None:
    return SafetyFilter(spec).danger(reading(**changed))


def with_knee(**changed: object) -> RobotSpec:
    return replace(TWO, joints=(JOINTS[0], replace(JOINTS[1], **changed)))


def test_a_joints_own_limits_go_before_the_robots() -> None:
    both = np.full(2, 3.0)
    assert danger(with_knee(velocity_limit=2.9), velocity=both) == "joint knee is too fast"
    assert danger(with_knee(velocity_limit=3.1), velocity=both) is None
    # The servo keeps a limit of current or duty: a quarter beyond it means that it does not.
    strong = with_knee(current_limit=0.4)
    assert danger(strong, current=np.array([9.0, -0.49])) is None
    assert danger(strong, current=np.array([9.0, -0.51])) == "joint knee draws too much current"
    full = with_knee(pwm_limit=0.4)
    assert danger(full, duty=np.array([1.0, -0.49])) is None
    assert danger(full) is None
    words = "joint knee is driven beyond its duty limit"
    assert danger(full, duty=np.array([1.0, -0.51])) == words


def test_a_joint_far_outside_its_limits_stops_the_run() -> None:
    spec = replace(with_knee(upper=1.0), safety=replace(TWO.safety, overtravel=0.2))
    assert danger(spec, position=np.array([0.0, 1.19])) is None
    words = "joint knee is far outside its limits"
    assert danger(spec, position=np.array([0.0, 1.21])) == words


def inertial(age: float = 0.0, **changed: object) -> Inertial:
    level = {"gyro": np.zeros(3), "gravity": np.array([0.0, 0.0, -1.0])}
    return Inertial(**{**level, "acceleration": np.array([0.0, 0.0, 9.81]), **changed}, age=age)


def tilted(angle: float) -> Inertial:
    return inertial(gravity=np.array([np.sin(angle), 0.0, -np.cos(angle)]))


def test_an_inertial_sensor_that_falls_silent_stops_the_run() -> None:
    # Three control steps at 50 Hz are 60 ms.
    assert danger(TWO, inertial=inertial(age=0.06)) is None
    words = "the inertial sensor has given no sample for 3 control steps"
    for age in (0.08, np.inf, np.nan):
        assert danger(TWO, inertial=inertial(age=age)) == words
    nothing = inertial(gyro=np.array([0.0, np.nan, 0.0]))
    assert danger(TWO, inertial=nothing) == "the inertial sensor gives no finite number"


def test_a_robot_has_fallen_only_if_its_spec_says_what_that_is() -> None:
    assert danger(TWO, inertial=tilted(3.1)) is None
    spec = with_safety(fall_tilt=1.0)
    assert danger(spec) is None
    assert danger(spec, inertial=tilted(0.99)) is None
    words = "the robot has fallen: its base is tilted by 1.01 rad"
    assert danger(spec, inertial=tilted(1.01)) == words
    both = danger(spec, inertial=tilted(1.01), velocity=np.full(2, 99.0))
    assert both == f"joint hip, knee is too fast; {words}"


def test_a_spec_from_before_these_limits_still_loads() -> None:
    new = ("overtravel", "temperature_margin", "voltage_lower", "voltage_upper", "voltage_margin")
    new += ("continuous_current", "current_time", "bad_limit", "late_limit", "fall_tilt")
    new += ("release", "release_time", "heartbeat")
    old = replace(TWO, safety=replace(TWO.safety, continuous_current=None))
    data = old.to_dict()
    data["safety"] = {key: data["safety"][key] for key in data["safety"] if key not in new}
    assert len(data["safety"]) == 5
    assert RobotSpec.from_dict(data) == old


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("temperature_margin", 0.0, "above 0"),
        ("overtravel", np.inf, "above 0, finite"),
        ("voltage_lower", -1.0, "above 0, or none given"),
        ("continuous_current", "much", "above 0, or none given"),
        ("fall_tilt", -0.1, "0 to pi rad"),
        ("release", "drop", '"limp" or "damp"'),
        ("heartbeat", 26.0, "up to 25 s"),
    ],
)
def test_limits_that_protect_nothing_are_refused(key: str, value: object, words: str) -> None:
    make: Callable[..., SafetySpec] = SafetySpec
    with pytest.raises(SpecError, match=rf"safety\.{key} is .*{words}"):
        make(**{key: value})
    with pytest.raises(SpecError, match=r"voltage_lower is 6.0; allowed: below voltage_upper"):
        SafetySpec(voltage_lower=6.0, voltage_upper=5.0)
