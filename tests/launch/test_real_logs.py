"""Real logs of an XL330 through the command line: import, calibrate, bench."""

import json
from pathlib import Path

import pytest

from ashore.hardware.logs.log import Log
from ashore.launch.cli import run

pytestmark = pytest.mark.slow

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NAMES = {
    "xl330_heldout_mae_rad",
    "xl330_kp100_heldout_mae_rad",
    "xl330_kp200_heldout_mae_rad",
    "xl330_kp800_heldout_mae_rad",
}

needs_data = pytest.mark.skipif(not (DATA / "xl330").is_dir(), reason="no real logs beside here")


@needs_data
def test_a_folder_of_bench_logs_is_imported_whole(capsys, tmp_path):
    assert run(["import", str(DATA / "xl330"), "--out", str(tmp_path)]) == 0
    written = sorted(tmp_path.glob("*.mcap"))
    assert len(written) == 12
    log = Log.open(tmp_path / "sin_sin_kp800.mcap")
    assert log.damage is None
    # 1117 rows in the file, at 190 Hz.
    assert log.readings.position.shape == (1117, 1)
    assert log.header.setup["p_gain"] == 800
    assert len(capsys.readouterr().out.splitlines()) == 12


@needs_data
@pytest.mark.slow
def test_calibrating_on_them_says_what_they_tell(capsys, tmp_path):
    files = [str(DATA / "xl330" / f"{motion}_kp200.json") for motion in ("sin_sin", "up_and_down")]
    run(["import", *files, "--out", str(tmp_path)])
    out = tmp_path / "posterior.json"
    assert run(["calibrate", "servo", str(tmp_path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "the log doesn't tell" in said
    assert {"armature", "friction_load"} <= set(json.loads(out.read_text())["names"])
    errors = [
        line.split() for line in said.splitlines() if line.strip().startswith(("sin_", "up_"))
    ]
    assert all(float(calibrated) < float(nominal) for _, nominal, calibrated in errors)


@needs_data
@pytest.mark.slow
def test_held_out_gains_are_predicted_better_than_the_published_models_did(capsys):
    assert run(["bench", "calibrate", "--json", "--short", "--data", str(DATA)]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) >= NAMES
    assert all(
        set(row) == {"name", "value", "unit", "peer", "peer_value", "ratio"}
        for row in rows.values()
    )
    assert rows["xl330_heldout_mae_rad"]["ratio"] > 1.0


def test_foreign_files_and_absent_folders_are_refused(capsys, tmp_path):
    foreign = tmp_path / "x.json"
    foreign.write_text("[]")
    for given in (foreign, tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        assert run(["import", str(given), "--out", str(tmp_path / "out")]) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_an_unknown_benchmark_lists_those_that_exist(capsys):
    assert run(["bench", "speed"]) == 1
    assert "calibrate, logs, scale, adapt, all" in capsys.readouterr().err
