"""The benchmark on a Pupper's real logs."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ashore.launch.bench import bench_pupper
from ashore.launch.calibrating import config_for
from ashore.launch.cli import run

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "pupper"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real logs beside here")


@needs_data
@pytest.mark.slow
def test_a_motion_that_was_not_fitted_is_predicted_twice_as_well_as_by_its_authors():
    rows = {row["name"]: row for row in bench_pupper.run(DATA, short=True)}
    assert rows["pupper_rolling_rmse_rad"]["ratio"] > 2.0
    assert rows["pupper_rolling_rmse_without_offset_rad"]["ratio"] > 2.0
    assert rows["pupper_rolling_rmse_rad"]["peer_value"] == 0.0562
    nominal = rows["pupper_rolling_nominal_rmse_rad"]["value"]
    assert rows["pupper_rolling_rmse_rad"]["value"] < nominal


@needs_data
def test_every_log_in_the_folder_that_is_not_fitted_is_a_test(tmp_path):
    for name in ("pupper_v2a.urdf", "one_joint.npz"):
        shutil.copy(DATA / name, tmp_path)
    shutil.copy(DATA / "rolling.npz", tmp_path / "another_day.npz")
    spec = bench_pupper.pupper(tmp_path, tmp_path)
    logs = bench_pupper.load_logs(tmp_path, spec, tmp_path)
    assert [(log.label, log.held) for log in logs] == [("another_day", False), ("one_joint", True)]
    rolling = np.load(DATA / "rolling.npz")
    np.testing.assert_array_equal(logs[0].position, rolling["MotorAngle"])


@needs_data
def test_a_robot_that_stands_is_calibrated_in_one_piece_and_shares_its_values(tmp_path):
    config = config_for(bench_pupper.pupper(DATA, tmp_path))
    assert config.window_iterations == 0
    assert all(prior.shared for prior in config.priors.values())


@pytest.mark.slow
@needs_data
def test_archives_are_imported_and_calibrate_a_drafted_robot_by_joint_names(capsys, tmp_path):
    robot, logs = str(tmp_path / "pupper"), str(tmp_path / "logs")
    run(["import", str(DATA / "one_joint.npz"), "--held", "--out", logs])
    run(["robot", "new", "pupper", "--from-file", str(DATA / "pupper_v2a.urdf"), "--out", robot])
    capsys.readouterr()
    assert run(["calibrate", robot, logs]) == 0
    said = capsys.readouterr().out
    assert "velocity_gain is" in said
    # A robot in a stand says nothing of the floor.
    assert "friction: the log doesn't tell" in said
    last = said.splitlines()[-1].split()
    assert float(last[2]) < 0.5 * float(last[1])
