"""Laws of column maps: CSV files and archives of others, in SI units."""

import io
import zipfile

import numpy as np
import pytest

from ashore.hardware.errors import LogError
from ashore.hardware.importers.column_map import ColumnMap, shipped_maps
from ashore.hardware.importers.exported_npz import import_npz_archive
from ashore.hardware.importers.mapped import import_mapped_csv, import_mapped_npz
from ashore.hardware.logs.log import Log, check

MAP = """
robot = "leg"
joints = ["hip", "knee"]
[time]
columns = ["t_ms"]
unit = "ms"
[position]
columns = ["q0", "q1"]
unit = "deg"
[current]
columns = ["i0", "i1"]
unit = "mA"
[command]
columns = ["g0", "g1"]
unit = "rad"
[gyro]
columns = ["wx", "wy", "wz"]
unit = "deg/s"
"""
ROWS = """t_ms,q0,q1,note,i0,i1,g0,g1,wx,wy,wz
0,0,90,a,1000,,0.5,-0.5,0,0,180
20,180,-90,"b, c",500,250,0.25,1e-3,1,2,3
"""


def read(tmp_path, rows=ROWS, text=MAP):
    (tmp_path / "map.toml").write_text(text)
    (tmp_path / "log.csv").write_text(rows)
    columns = ColumnMap.load(tmp_path / "map.toml")
    return Log.open(import_mapped_csv(tmp_path / "log.csv", tmp_path / "log.mcap", columns))


def test_columns_become_signals_in_si_units(tmp_path):
    log = read(tmp_path)
    assert log.readings.time.tolist() == [0.0, 0.02]
    assert log.readings.position == pytest.approx(np.array([[0, np.pi / 2], [np.pi, -np.pi / 2]]))
    # Milliamperes; an empty cell was not measured.
    assert log.readings.current[1].tolist() == [0.5, 0.25]
    assert np.isnan(log.readings.current[0, 1])
    assert log.commands.position.tolist() == [[0.5, -0.5], [0.25, 1e-3]]
    assert log.readings.gyro[0] == pytest.approx([0, 0, np.pi])
    assert np.isnan(log.readings.velocity).all()
    assert log.header.robot == "leg"
    assert log.header.setup["joints"] == ["hip", "knee"]


def test_a_long_file_comes_through_in_batches(tmp_path):
    rows = "".join(f"{20 * i},{i},0,,1,1,0,0,0,0,0\n" for i in range(4500))
    log = read(tmp_path, ROWS.splitlines()[0] + "\n" + rows)
    assert np.rad2deg(log.readings.position[:, 0]) == pytest.approx(np.arange(4500))
    check(log)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('robot = "leg"\n', "", "robot is None"),
        ('unit = "deg"\n', "", "position.unit is ''; allowed: rad, deg"),
        ('unit = "mA"', 'unit = "kA"', "current.unit is 'kA'"),
        ("[current]", "[curent]", r"unknown table \[curent\]"),
        ('"q0", "q1"', '"q0", "q9"', "no column 'q9' for position; it has t_ms"),
        ('"i0", "i1"', '"i0"', "the current has 1 columns, and needs 2"),
        ('"hip", "knee"', '"hip"', "has 2 joints, and .*names 1"),
        ('columns = ["t_ms"]', "", "time.columns is missing"),
        ('"q0", "q1"', '"q0", "note"', "a cell of column 'note' is 'a'"),
        ("robot =", "robot", "Expected"),
    ],
)
def test_a_map_that_cannot_be_is_refused(old, new, match, tmp_path):
    assert old in MAP
    with pytest.raises(LogError, match=match):
        read(tmp_path, text=MAP.replace(old, new))
    assert not (tmp_path / "log.mcap").exists()


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("", "it has none"),
        (ROWS.splitlines()[0] + "\n", "holds no reading"),
        (ROWS + "10,0,0,,0,0,0,0,0,0,0\n", "go backwards"),
        (ROWS + "40,0\n", "column 'q1' is missing"),
        (ROWS + "40,nan,0,,0,0,0,0,0,0,0\n", "position of joint 0 at 0.04 s is nan"),
    ],
)
def test_rows_that_cannot_be_are_refused(rows, match, tmp_path):
    with pytest.raises(LogError, match=match):
        read(tmp_path, rows)
    assert not (tmp_path / "log.mcap").exists()


def archived(tmp_path, **arrays):
    np.savez(tmp_path / "log.npz", **arrays)
    columns = ColumnMap.load("legged_gym")
    return import_mapped_npz(tmp_path / "log.npz", tmp_path / "log.mcap", columns)


def test_every_shipped_map_loads():
    assert [ColumnMap.load(name).robot for name in shipped_maps()]


def test_a_legged_gym_dictionary_needs_no_map_of_ones_own(tmp_path):
    q = np.arange(36, dtype=np.float32).reshape(3, 12)
    spin = np.ones((3, 3))
    log = Log.open(archived(tmp_path, dof_pos=q, dof_pos_target=q + 1, base_ang_vel=spin, dt=0.02))
    assert log.readings.time.tolist() == [0.0, 0.02, 0.04]
    assert log.readings.position.tolist() == q.tolist()
    assert log.commands.position.tolist() == (q + 1).tolist()
    assert log.readings.gyro.tolist() == spin.tolist()
    assert np.isnan(log.readings.gravity).all()


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"dof_vel": np.ones((3, 2)), "dt": 0.1}, "no array 'dof_pos'"),
        ({"dof_pos": np.ones((3, 2))}, "no array 'dt'"),
        ({"dof_pos": np.ones((3, 2)), "dt": -1.0}, "neither times nor a step"),
        ({"dof_pos": np.ones((3, 2)), "time": np.ones(2)}, "time has shape .2,."),
        ({"dof_pos": np.ones((3, 4, 2)), "dt": 0.1}, "of one robot"),
        ({"dof_pos": np.array([{}]), "dt": 0.1}, "no pickle is read"),
        ({"dof_pos": np.asfortranarray(np.ones((3, 2))), "dt": 0.1}, "column by column"),
    ],
)
def test_an_archive_that_cannot_be_read_is_refused(arrays, match, tmp_path):
    with pytest.raises(LogError, match=match):
        archived(tmp_path, **arrays)
    assert not (tmp_path / "log.mcap").exists()


def test_a_declared_shape_is_not_believed(tmp_path):
    """A header of a terabyte in a file of 200 bytes is refused before anything is allocated."""
    whole = io.BytesIO()
    about = {"descr": "<f8", "fortran_order": False, "shape": (1 << 37, 1)}
    np.lib.format.write_array_header_1_0(whole, about)
    with zipfile.ZipFile(tmp_path / "log.npz", "w") as archive:
        archive.writestr("dof_pos.npy", whole.getvalue())
        archive.writestr("header.npy", whole.getvalue())
    columns = ColumnMap.load("legged_gym")
    for read_it in (
        lambda: import_mapped_npz(tmp_path / "log.npz", tmp_path / "log.mcap", columns),
        lambda: import_npz_archive(tmp_path / "log.npz", tmp_path / "log.mcap"),
    ):
        with pytest.raises(LogError, match="declares shape"):
            read_it()


def test_no_cut_or_flipped_archive_ends_in_a_traceback(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", dof_pos=np.random.default_rng(0).random((50, 2)),
                        dt=0.1)
    data = (tmp_path / "whole.npz").read_bytes()
    columns = ColumnMap.load("legged_gym")
    for place in range(0, len(data), 7):
        flipped = bytearray(data)
        flipped[place] ^= 0x55
        for broken in (data[:place], bytes(flipped)):
            (tmp_path / "log.npz").write_bytes(broken)
            said = "one line"
            try:
                import_mapped_npz(tmp_path / "log.npz", tmp_path / "log.mcap", columns).unlink()
            except LogError as error:
                said = str(error)
            assert len(said.splitlines()) == 1
            assert not (tmp_path / "log.mcap").exists()
