"""Laws of what calibration takes from a log."""

from pathlib import Path

import numpy as np
import pytest
from recorded import SERVO, recorded

from ashore.adapt.errors import AdaptError
from ashore.adapt.trajectory import Trajectory
from ashore.envs.physics.command_delay import CommandDelay
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading


def written(folder: Path, setup=None, rows=20, **changed):
    path = folder / "log.mcap"
    with LogWriter(path, LogHeader(robot="servo", setup=setup or {}), offline=True) as log:
        for row in range(rows):
            fields = {
                "time": 100.0 + 0.02 * row,
                "position": np.array([0.01 * row]),
                "velocity": np.zeros(1),
                "current": np.full(1, np.nan),
                "voltage": np.array([7.3]),
                "temperature": np.array([30.0]),
                "age": np.array([0.0 if row % 5 else 0.02]),
                "fault": np.zeros(1, np.uint8),
                "torque_enabled": np.array([row < 10]),
            }
            log.reading(Reading(**{**fields, **changed}))
            log.command(100.0 + 0.02 * row, Command(position=np.array([0.5])))
    return Log.open(path)


def test_a_log_keeps_gain_mass_supply_and_what_was_measured(tmp_path):
    setup = {"p_gain": 200, "mass": 0.98, "length": 0.1, "trajectory": "lift"}
    found = Trajectory.from_log(written(tmp_path, setup), SERVO)
    assert (found.label, found.source) == ("lift", "log")
    assert found.p_gain.tolist() == [200.0]
    # 0.98 kg where the model swings 0.49 kg.
    assert found.mass == pytest.approx(2.0)
    assert found.supply.tolist() == [7.3]
    assert found.time[0] == 0.0
    assert found.goal_time[0] == 0.0
    assert found.torque_enabled[:, 0].tolist() == [True] * 10 + [False] * 10
    assert found.fresh[:, 0].tolist() == [row % 5 != 0 for row in range(20)]


def test_without_a_setup_gain_and_mass_are_the_specs(tmp_path):
    found = Trajectory.from_log(written(tmp_path, voltage=np.full(1, np.nan)), SERVO)
    assert found.p_gain.tolist() == [400.0]
    assert found.mass == 1.0
    assert found.voltage is None
    assert found.supply is None


def test_an_arm_of_another_length_is_refused(tmp_path):
    with pytest.raises(AdaptError, match=r"arm of 0.15 m and the model of 'servo' has 0.100 m"):
        Trajectory.from_log(written(tmp_path, {"length": 0.15}), SERVO)


def test_a_log_too_short_to_fit_is_refused(tmp_path):
    with pytest.raises(AdaptError, match="holds 2 samples and 2 goals"):
        Trajectory.from_log(written(tmp_path, rows=2), SERVO)


def test_windows_cover_every_sample_and_span_no_gap():
    whole = recorded(seconds=2.0)
    time = whole.time + np.where(np.arange(100) >= 60, 0.4, 0.0)
    broken = recorded(seconds=2.0, time=time)
    for length in (None, 0.25):
        windows = broken.segments(length)
        rows = {row for w in windows for row in range(w.begin, w.end)}
        assert rows == set(range(100))
        assert all(np.diff(w.time).max() < 0.1 for w in windows)
    assert len(broken.segments()) == 2
    assert len(whole.segments()) == 1


def test_velocity_is_the_derivative_of_a_cubic_exactly_even_when_sampled_unevenly():
    time = np.arange(200) * 0.005
    cubic = (1.0 + 2.0 * time - 3.0 * time**2 + time**3)[:, None]
    smooth = recorded(
        time=time,
        position=cubic,
        fresh=np.ones_like(cubic, dtype=bool),
        torque_enabled=np.ones_like(cubic, dtype=bool),
    )
    slope = 2.0 - 6.0 * time + 3.0 * time**2
    assert np.abs(smooth.velocity[:, 0] - slope).max() < 1e-9


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.0217, 0.05])
def test_delayed_goals_are_those_of_the_simulation(delay):
    trajectory = recorded(seconds=1.0)
    ours = trajectory.goals(np.arange(501) * 0.002, np.array([delay]))
    theirs = CommandDelay((1, 1), 0.02, 0.12)
    theirs.restart(np.arange(1), trajectory.goal[:1])
    for step in range(500):
        if step % 10 == 0:
            theirs.push(trajectory.goal[step // 10 : step // 10 + 1])
        wanted = theirs.goal((step % 10) * 0.002, 0.002, np.full((1, 1), delay))
        assert ours[step] == pytest.approx(wanted[0], abs=1e-9)


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(AdaptError, match=r"fresh is \(3, 1\), and the position"):
        recorded(fresh=np.ones((3, 1), dtype=bool))
