"""Laws of export and import: what the own formats keep of a log is all of it."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_samples import HEADER, reading, write
from mcap.opcode import Opcode

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.csv_folder import export_csv
from ashore.hardware.exporters.log_parts import survey
from ashore.hardware.exporters.npz_archive import export_npz
from ashore.hardware.exporters.parquet_folder import export_parquet
from ashore.hardware.importers.exported_csv import import_csv_folder
from ashore.hardware.importers.exported_npz import import_npz_archive
from ashore.hardware.importers.exported_parquet import import_parquet_folder
from ashore.hardware.logs.log import Log, LogWriter
from ashore.hardware.logs.log_frames import LogFrames
from ashore.hardware.logs.log_scan import LogScan
from ashore.hardware.reading import Command, Inertial

WAYS = {
    "csv": (export_csv, import_csv_folder),
    "npz": (export_npz, import_npz_archive),
    "parquet": (export_parquet, import_parquet_folder),
}
FLOATS = st.floats(width=64)
TEXT = st.text(max_size=8)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["reading", "command", "policy", "event", "raw"]), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


@pytest.fixture(params=WAYS)
def way(request):
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


def through(way, log: Path, folder: Path) -> Path:
    write_out, read_back = WAYS[way]
    write_out(log, folder / "out")
    return read_back(folder / "out", folder / "back.mcap")


def same(one, other) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def assert_equal(one: Log, other: Log) -> None:
    for table in ("readings", "commands"):
        for name, values in vars(getattr(one, table)).items():
            assert same(values, getattr(getattr(other, table), name)), (table, name)
    for name in ("time", "observation", "action"):
        assert same(getattr(one.policy, name), getattr(other.policy, name)), name
    assert list(one.policy.signals) == list(other.policy.signals)
    for name, values in one.policy.signals.items():
        assert same(values, other.policy.signals[name]), name
    assert repr(one.events) == repr(other.events)
    assert repr(one.raw) == repr(other.raw)
    assert one.header == other.header


def record(path: Path, data, messages) -> None:
    joints, seen = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3))
    row = st.lists(FLOATS, min_size=joints, max_size=joints).map(np.array)
    three = st.lists(FLOATS, min_size=3, max_size=3).map(np.array)
    signal = data.draw(TEXT)
    with LogWriter(path, HEADER, offline=True) as log:
        for kind, choice in messages:
            time = data.draw(FLOATS)
            if kind == "reading":
                more = {"duty": data.draw(row)} if choice > 5 else {}
                if choice % 2:
                    g, a, b = (data.draw(three) for _ in range(3))
                    more["inertial"] = Inertial(gyro=g, gravity=a, acceleration=b, age=time)
                    more["torque_enabled"] = np.arange(joints) % 2 == 0
                log.reading(reading(time, joints, velocity=data.draw(row), **more))
            elif kind == "command":
                log.command(time, Command(position=data.draw(row)))
            elif kind == "policy":
                kept = {signal: data.draw(row)} if choice > 3 else {"a/b": [1.0], "none": []}
                observed = np.array([data.draw(st.floats(width=32)) for _ in range(seen)])
                log.policy(time, observed, [0.1, -0.0], kept)
            elif kind == "event":
                numbers = {data.draw(TEXT): [data.draw(FLOATS), None, {"x": data.draw(TEXT)}]}
                log.event(time, "info", data.draw(TEXT), data.draw(TEXT), numbers)
            else:
                log.raw(abs(time), "tx" if choice > 4 else "imu", data.draw(st.binary(max_size=9)))


@settings(max_examples=25, deadline=None)
@given(st.data(), MESSAGES)
@pytest.mark.parametrize("name", WAYS)
def test_what_is_exported_and_imported_is_the_same_log(name, data, messages):
    if name == "parquet":
        pytest.importorskip("pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.mcap"
        record(path, data, messages)
        back = through(name, path, Path(folder))
        assert_equal(Log.open(path), Log.open(back))
        assert [(m.topic, m.stamps, m.sequence) for m in LogScan(path)] == [
            (m.topic, m.stamps, m.sequence) for m in LogScan(back)
        ]


def test_columns_are_called_by_joint_and_unit(tmp_path):
    write(tmp_path / "log.mcap", 2)
    names = [name for name, _ in survey(tmp_path / "log.mcap").table("reading").columns()]
    assert names[:7] == [
        *("order", "sequence", "host_time [ns]", "robot_time [ns]", "time [s]"),
        *("position.shoulder [rad]", "position.elbow [rad]"),
    ]
    # Nothing was measured of these, so they have no columns.
    assert not [name for name in names if name.startswith(("duty", "gyro"))]


def test_an_archive_is_read_by_numpy_alone(tmp_path):
    write(tmp_path / "log.mcap", 5)
    export_npz(tmp_path / "log.mcap", tmp_path / "out.npz")
    log = Log.open(tmp_path / "log.mcap")
    with np.load(tmp_path / "out.npz", allow_pickle=False) as archive:
        assert same(archive["reading.position"], log.readings.position)
        assert same(archive["reading.time"][:, 0], log.readings.time)
        assert json.loads(archive["header"].tobytes())["robot"] == "arm"


def test_parquet_keeps_units_beside_its_columns(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    write(tmp_path / "log.mcap", 5)
    export_parquet(tmp_path / "log.mcap", tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "reading.parquet")
    assert table.schema.field("position.elbow").metadata[b"unit"] == b"rad"
    assert table["position.elbow"].to_pylist() == [0.1, 0.11, 0.12000000000000001, 0.13, 0.14]


def test_what_was_lost_before_is_still_told_after(way, tmp_path):
    broken = bytearray(write(tmp_path / "log.mcap", 1000))
    frames = LogFrames(tmp_path / "log.mcap")
    chunks = [frame.offset for frame in frames if frame.opcode == Opcode.CHUNK]
    broken[chunks[2] + 100] ^= 0xFF
    (tmp_path / "bad.mcap").write_bytes(broken)
    before = Log.open(tmp_path / "bad.mcap")
    after = Log.open(through(way, tmp_path / "bad.mcap", tmp_path))
    assert before.damage is not None
    assert "messages of /reading are missing" in (after.damage or "")
    assert_equal(before, after)


def test_nothing_is_overwritten_and_nothing_half_is_left(way, tmp_path):
    write(tmp_path / "log.mcap", 3)
    write_out, read_back = WAYS[way]
    write_out(tmp_path / "log.mcap", tmp_path / "out")
    with pytest.raises(LogError, match="exists already"):
        write_out(tmp_path / "log.mcap", tmp_path / "out")
    with pytest.raises(LogError, match="exists already"):
        read_back(tmp_path / "out", tmp_path / "log.mcap")
    (tmp_path / "none.mcap").write_bytes(b"no log")
    with pytest.raises(LogError):
        write_out(tmp_path / "none.mcap", tmp_path / "other")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log.mcap", "none.mcap", "out"]


def test_no_flipped_byte_ends_in_a_traceback(way, tmp_path):
    write(tmp_path / "log.mcap", 4)
    WAYS[way][0](tmp_path / "log.mcap", tmp_path / "out")
    out = tmp_path / "out"
    for file in sorted(out.iterdir()) if out.is_dir() else [out]:
        data = file.read_bytes()
        for place in range(3, len(data), max(len(data) // 20, 1)):
            flipped = bytearray(data)
            flipped[place] ^= 0x41
            file.write_bytes(flipped)
            said = "one line"
            try:
                WAYS[way][1](out, tmp_path / "back.mcap").unlink()
            except LogError as error:
                said = str(error)
            assert len(said.splitlines()) == 1
            assert not (tmp_path / "back.mcap").exists()
        file.write_bytes(data)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('"name":"velocity"', '"name":"speed"', "has a signal 'speed'"),
        ('"ashore log tables 1"', '"ashore log tables 2"', "its format is"),
        ('"rows":4', '"rows":-4', "the rows of reading are -4"),
        ('"name":"fault","kind":"u1"', '"name":"fault","kind":"O"', "of kind 'O'"),
        ('"name":"age","kind":"f8"', '"name":"agf","kind":"f8"', "lacks age"),
        ('"shoulder","elbow"', '"shoulder"', "velocity has 2 columns, not 1|no header"),
    ],
)
def test_a_header_that_no_log_has_is_refused(old, new, match, tmp_path):
    write(tmp_path / "log.mcap", 4)
    export_csv(tmp_path / "log.mcap", tmp_path / "out")
    header = tmp_path / "out" / "header.json"
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new, 1))
    with pytest.raises(LogError, match=match):
        import_csv_folder(tmp_path / "out", tmp_path / "back.mcap")
