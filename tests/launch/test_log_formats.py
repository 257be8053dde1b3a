"""Logs to other formats and back through the command line; what cannot be is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
from refusal import refused

from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.launch.cli import run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.mcap"
    with LogWriter(path, LogHeader(robot="leg"), offline=True) as writer:
        for tick in range(5):
            values = {name: np.full(2, 0.1 * tick) for name in
                      ("position", "velocity", "current", "voltage", "temperature", "age")}
            writer.reading(Reading(time=tick / 50, **values, fault=np.zeros(2, np.uint8)))
            writer.command(tick / 50, Command(position=np.full(2, tick / 7)))
    return path


@pytest.mark.parametrize("out", ["as_csv", "log.npz", "as_parquet"])
def test_a_log_goes_out_and_comes_back_by_the_name_of_the_place(out, log, tmp_path, capsys):
    if "parquet" in out:
        pytest.importorskip("pyarrow")
    assert run(["log", "export", str(log), str(tmp_path / out)]) == 0
    assert run(["import", str(tmp_path / out), "--out", str(tmp_path / "back")]) == 0
    (back,) = (tmp_path / "back").iterdir()
    assert Log.open(back).commands.position.tolist() == Log.open(log).commands.position.tolist()
    assert str(back) in capsys.readouterr().out


def test_a_legged_gym_archive_needs_no_options(tmp_path):
    q = np.arange(24.0).reshape(2, 12)
    np.savez(tmp_path / "walk.npz", dof_pos=q, dof_pos_target=q + 1, dt=0.02)
    assert run(["import", str(tmp_path / "walk.npz"), "--out", str(tmp_path / "back")]) == 0
    back = Log.open(tmp_path / "back" / "walk.mcap")
    assert back.readings.position.tolist() == q.tolist()
    assert back.header.robot == "legged_gym"


def test_a_place_that_says_no_format_is_refused(log, tmp_path, capsys):
    said = refused(capsys, "log", "export", log, tmp_path / "out")
    assert "--format csv|npz|parquet|lerobot|rerun" in said
    assert not (tmp_path / "out").exists()


def test_what_exists_is_not_written_over(log, tmp_path, capsys):
    (tmp_path / "out.npz").write_text("mine")
    assert "exists already" in refused(capsys, "log", "export", log, tmp_path / "out.npz")
    assert (tmp_path / "out.npz").read_text() == "mine"


def test_a_log_without_a_rate_is_no_dataset(log, tmp_path, capsys):
    pytest.importorskip("pyarrow")
    assert "says no rate" in refused(capsys, "log", "export", log, tmp_path / "lerobot")


@pytest.mark.parametrize(("name", "out"), [("pyarrow", "parquet"), ("rerun", "log.rrd")])
def test_a_package_that_is_absent_is_named(name, out, log, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    said = refused(capsys, "log", "export", log, tmp_path / out)
    assert f"this needs {name}, which is not installed here" in said
    assert "ashore[formats]" in said


def test_a_pickle_is_never_read(tmp_path, capsys):
    (tmp_path / "log.pkl").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    said = refused(capsys, "import", tmp_path / "log.pkl", "--out", tmp_path)
    assert "is a pickle" in said


def test_a_csv_file_needs_a_map(tmp_path, capsys):
    (tmp_path / "log.csv").write_text("t,q\n0,1\n")
    said = refused(capsys, "import", tmp_path / "log.csv", "--out", tmp_path)
    assert "--columns MAP.toml" in said
    said = refused(capsys, "import", tmp_path / "log.csv", "--columns", "none", "--out", tmp_path)
    assert "shipped maps are legged_gym" in said


def test_an_edited_export_is_told(log, tmp_path, capsys):
    run(["log", "export", str(log), str(tmp_path / "as_csv")])
    table = tmp_path / "as_csv" / "reading.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    said = refused(capsys, "import", tmp_path / "as_csv", "--out", tmp_path / "back")
    assert "reading has 4 rows and the header says 5" in said
    table.write_text(table.read_text().replace("time [s]", "times"))
    said = refused(capsys, "import", tmp_path / "as_csv", "--out", tmp_path / "back")
    assert "does not begin with the columns" in said
    assert not list((tmp_path / "back").iterdir())
