"""Laws of the command delay: the mean of a staircase, continuous in the delay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ashore.envs.physics.command_delay import CommandDelay

PERIOD, STEP, LONGEST = 0.02, 0.004, 0.12


def line(*goals):
    delay = CommandDelay((1, 1), PERIOD, LONGEST)
    delay.restart(np.array([0]), np.array([[goals[0]]]))
    for goal in goals[1:]:
        delay.push(np.array([[goal]]))
    return delay


def obeyed(delay, since, seconds):
    return float(delay.goal(since, STEP, np.array([[seconds]]))[0, 0])


@pytest.mark.parametrize(
    ("since", "seconds", "goal"),
    [
        (0.000, 0.0, 1.0),  # no lag: in force at once
        (0.000, 0.006, 0.0),  # -6..-2 ms lies before the command
        (0.004, 0.006, 0.5),  # -2..+2 ms: half before, half after
        (0.004, 0.005, 0.75),  # -1..+3 ms: a quarter before
        (0.008, 0.006, 1.0),  # +2..+6 ms lies after it
        (0.016, 0.036, 0.0),  # -20..-16 ms: the period before
    ],
)
def test_a_joint_obeys_the_mean_over_the_lagging_step(since, seconds, goal):
    assert obeyed(line(0.0, 1.0), since, seconds) == pytest.approx(goal, abs=1e-9)


def test_a_delay_of_whole_periods_obeys_an_older_command():
    # 45 ms before the middle of the present period is in the third command back
    assert obeyed(line(0.0, 1.0, 2.0, 3.0), 0.008, 0.045) == pytest.approx(1.0)


@given(
    st.lists(st.floats(-3.0, 3.0), min_size=9, max_size=9),
    st.integers(0, 4),
    st.floats(0.0, LONGEST - 1e-6),
)
def test_the_goal_is_continuous_in_the_delay(goals, substep, seconds):
    delay, since = line(*goals), substep * STEP
    change = obeyed(delay, since, seconds + 1e-6) - obeyed(delay, since, seconds)
    # at most 1 us of the 4 ms step changes command, by at most 6 rad
    assert abs(change) <= 6.0 * 1e-6 / STEP + 1e-9


@given(st.integers(0, 4), st.floats(0.0, LONGEST))
def test_the_goal_is_the_staircases_mean(substep, seconds):
    goals = np.array([0.3, -1.0, 2.0, 0.1, 0.7, -0.4, 1.5, -2.0, 0.9])
    begin = substep * STEP - seconds
    times = begin + (np.arange(2000) + 0.5) * STEP / 2000
    newest = np.floor(times / PERIOD).astype(int)
    assert obeyed(line(*goals), substep * STEP, seconds) == pytest.approx(
        goals[newest - 1].mean(), abs=3e-3
    )


def test_every_robot_has_its_own_past_and_its_own_delay():
    delay = CommandDelay((2, 1), PERIOD, LONGEST)
    delay.push(np.array([[1.0], [1.0]]))
    delay.restart(np.array([1]), np.array([[5.0]]))
    goal = delay.goal(0.0, STEP, np.array([[0.05], [0.05]]))
    assert goal.tolist() == [[0.0], [5.0]]
