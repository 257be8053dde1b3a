"""Laws of the safety filter: whatever comes in, only what is safe goes out."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SPEC
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.safety import SafetyFilter

JOINTS = tuple(
    replace(SPEC.joints[0], name=name, id=i, lower=lower, upper=upper)
    for i, (name, lower, upper) in enumerate([("hip", -1.0, 0.5), ("knee", -0.2, 2.0)])
)
TWO = replace(SPEC, joints=JOINTS, safety=replace(SPEC.safety, step_limit=0.3))
FILTER = SafetyFilter(TWO)
LOWER, UPPER = TWO.column("lower"), TWO.column("upper")
STEP = TWO.safety.step_limit

anything = st.lists(st.floats(width=64), min_size=2, max_size=2).map(np.array)
# Also where no goal should be: a joint may rest beyond its limits.
places = st.lists(st.floats(-4.0, 4.0), min_size=2, max_size=2).map(np.array)


def command(position: object) -> Command:
    return Command(position=np.asarray(position))


def sent(wish: np.ndarray, last: np.ndarray) -> np.ndarray:
    return FILTER.filter(command(wish), command(last)).command.position


@given(anything, places)
def test_nothing_leaves_the_limits_or_the_numbers(wish: np.ndarray, last: np.ndarray) -> None:
    goal = sent(wish, last)
    assert np.isfinite(goal).all()
    # Where a joint rested outside, it is not led farther out.
    assert (goal >= np.minimum(LOWER, last)).all()
    assert (goal <= np.maximum(UPPER, last)).all()


@given(anything, places)
def test_no_step_is_longer_than_the_limit(wish: np.ndarray, last: np.ndarray) -> None:
    assert (np.abs(sent(wish, last) - last) <= STEP + 1e-12).all()


@given(anything, places)
def test_what_was_filtered_passes_untouched(wish: np.ndarray, last: np.ndarray) -> None:
    once = FILTER.filter(command(wish), command(last))
    twice = FILTER.filter(once.command, command(last))
    assert twice.command.position.tobytes() == once.command.position.tobytes()
    assert twice.interventions == ()
    assert not twice.held


@given(anything, places)
def test_the_filter_changes_a_goal_if_and_only_if_it_says_so(
    wish: np.ndarray, last: np.ndarray
) -> None:
    filtered = FILTER.filter(command(wish), command(last))
    assert bool(filtered.interventions) == (not np.array_equal(filtered.command.position, wish))
    assert filtered.held == (not np.isfinite(wish).all())


@given(anything, places)
def test_the_filter_forgets_and_changes_nothing_it_was_given(
    wish: np.ndarray, last: np.ndarray
) -> None:
    before = wish.tobytes(), last.tobytes()
    assert sent(wish, last).tobytes() == sent(wish, last).tobytes()
    assert (wish.tobytes(), last.tobytes()) == before


@given(anything, places)
def test_a_goal_without_a_number_holds_the_last_one(wish: np.ndarray, last: np.ndarray) -> None:
    bad = ~np.isfinite(wish)
    assert (sent(wish, last)[bad] == last[bad]).all()


@pytest.mark.parametrize(
    "wish",
    [
        *([0.1], [0.1, 0.1, 0.1], [[0.1, 0.1]], 0.1, ["a", "b"], [None, {}], [True, False]),
        *([0.1, 0.1j], [0.1, [0.2]], {"hip": 0.1}, None, "ab"),
    ],
)
def test_a_goal_that_is_not_one_number_a_joint_is_held(wish: object) -> None:
    filtered = FILTER.filter(Command(position=wish), command([0.2, 0.3]))
    assert filtered.held
    assert filtered.command.position.tolist() == [0.2, 0.3]
    assert filtered.interventions == ("goal of hip, knee was not a finite number: held",)


def test_interventions_name_the_joint_and_what_was_done() -> None:
    # The knee is told 9 rad: clipped to 2.0, and that is more than 0.3 from 0.
    filtered = FILTER.filter(command([0.1, 9.0]), command([0.0, 0.0]))
    assert filtered.command.position.tolist() == [0.1, 0.3]
    assert filtered.interventions == (
        "goal of knee was beyond its limits: clipped",
        "goal of knee jumped too far: step limited",
    )


def reading(**changed: object) -> Reading:
    well = dict.fromkeys(("position", "velocity", "current", "age"), np.zeros(2))
    warm = {"voltage": np.full(2, 5.0), "temperature": np.full(2, 30.0)}
    on = {"fault": np.zeros(2, np.uint8), "torque_enabled": np.ones(2, np.bool_)}
    return Reading(time=1.0, **{**well, **warm, **on, **changed})


def test_a_robot_that_is_well_may_go_on() -> None:
    assert FILTER.danger(reading()) is None
    assert FILTER.danger(reading(torque_enabled=None)) is None
    # Not measured is not dangerous.
    assert FILTER.danger(reading(temperature=np.full(2, np.nan))) is None
    # Three control steps at 50 Hz are 60 ms.
    assert FILTER.danger(reading(age=np.array([0.0, 0.06]))) is None


@pytest.mark.parametrize(
    ("signal", "value", "words"),
    [
        ("fault", 1 << 5, "reports overload"),
        ("fault", 1 << 0 | 1 << 2, "reports input voltage out of limits, overheating"),
        ("fault", 1 << 7, "reports unknown fault (bit 7)"),
        ("age", 0.08, "has not answered for 3 control steps"),
        ("age", np.nan, "has not answered"),
        ("age", np.inf, "has not answered"),
        ("velocity", 25.1, "is too fast"),
        ("velocity", -25.1, "is too fast"),
        ("temperature", 66.0, "is too hot"),
        ("position", np.nan, "has no finite position"),
        ("torque_enabled", False, "lost its torque"),
    ],
)
def test_a_danger_names_the_joint_and_what_it_has(signal: str, value: object, words: str) -> None:
    values = getattr(reading(), signal).copy()
    values[1] = value
    danger = FILTER.danger(reading(**{signal: values}))
    assert danger is not None
    assert danger.startswith(f"joint knee {words}")


def test_of_several_dangers_none_is_kept_quiet() -> None:
    both = reading(fault=np.array([32, 0], np.uint8), temperature=np.array([30.0, 80.0]))
    assert FILTER.danger(both) == "joint hip reports overload; knee is too hot"
