"""Laws of `check`: what cannot be calculated with is named."""

import numpy as np
import pytest
from log_samples import HEADER, opened, reading, write

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, LogWriter, check
from ashore.hardware.reading import Command


def logged(path, readings, commands=()) -> Log:
    with LogWriter(path, HEADER) as log:
        for each in readings:
            log.reading(each)
        for time, goal in commands:
            log.command(time, Command(position=np.array(goal)))
    return Log.open(path)


def test_a_good_log_passes(tmp_path):
    check(opened(write(tmp_path / "good.mcap", 20), tmp_path))


def test_a_log_without_readings_is_refused(tmp_path):
    with pytest.raises(LogError, match="holds no reading"):
        check(logged(tmp_path / "log.mcap", []))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("signal", ["position", "velocity", "temperature", "duty"])
def test_the_first_bad_value_is_named(bad, signal, tmp_path):
    rows = [reading(t / 10, duty=np.zeros(2)) for t in range(9)]
    rows[4] = reading(0.4, **{"duty": np.zeros(2), signal: np.array([0.0, bad])})
    rows[6] = reading(0.6, **{"duty": np.zeros(2), signal: np.array([bad, 0.0])})
    with pytest.raises(LogError, match=rf"{signal} of joint 1 is {bad} at 0\.400000 s"):
        check(logged(tmp_path / "log.mcap", rows))


def test_a_signal_that_was_never_measured_is_no_damage(tmp_path):
    rows = [reading(t / 10, current=np.array([np.nan, 0.1])) for t in range(5)]
    check(logged(tmp_path / "log.mcap", rows))


def test_a_position_that_was_never_measured_is_refused(tmp_path):
    rows = [reading(t / 10, position=np.array([0.0, np.nan])) for t in range(5)]
    with pytest.raises(LogError, match="position of joint 1"):
        check(logged(tmp_path / "log.mcap", rows))


def test_time_that_goes_backwards_is_named(tmp_path):
    rows = [reading(time) for time in (0.0, 0.1, 0.1, 0.05)]
    with pytest.raises(LogError, match=r"reading 3, from 0\.100000 s to 0\.050000 s"):
        check(logged(tmp_path / "log.mcap", rows))
    with pytest.raises(LogError, match="time of reading 0 is nan"):
        check(logged(tmp_path / "nan.mcap", [reading(np.nan)]))


def test_commands_are_checked_too(tmp_path):
    with pytest.raises(LogError, match=r"commanded position of joint 0 is nan at 0\.2"):
        check(logged(tmp_path / "log.mcap", [reading(0.0)], [(0.1, [0.0]), (0.2, [np.nan])]))
