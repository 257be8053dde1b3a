"""Laws of a whole log: what goes in comes out."""

import gc
import io
import json
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_samples import HEADER, SIGNALS, reading, write
from mcap.reader import make_reader

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.logs.log_schemas import CHANNELS
from ashore.hardware.logs.log_sorter import LogSorter
from ashore.hardware.reading import Command, Inertial

FLOATS = st.floats(width=64)


def bits(array) -> bytes:
    array = np.asarray(array)
    return np.where(np.isnan(array), np.nan, array).astype(array.dtype).tobytes()


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 4))
def test_every_float_comes_back_bit_for_bit(data, joints, ticks):
    row = st.lists(FLOATS, min_size=joints, max_size=joints).map(np.array)
    table = {name: [data.draw(row) for _ in range(ticks)] for name in (*SIGNALS, "duty")}
    times = [data.draw(FLOATS) for _ in range(ticks)]
    observed = np.array(data.draw(st.lists(st.floats(width=32), max_size=4)), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.mcap"
        with LogWriter(path, HEADER, offline=True) as log:
            for tick, time in enumerate(times):
                values = {name: rows[tick] for name, rows in table.items()}
                log.reading(reading(time, joints, **values))
                log.command(time, Command(position=values["position"]))
                log.policy(time, observed, observed, {"probe": values["age"]})
        back = Log.open(path)
    assert back.damage is None
    assert bits(back.readings.time) == bits(times)
    for name, rows in table.items():
        assert bits(getattr(back.readings, name)) == bits(rows)
    assert bits(back.commands.position) == bits(table["position"])
    assert bits(back.policy.signals["probe"]) == bits(table["age"])
    assert back.policy.action.dtype == np.float32
    assert bits(back.policy.observation) == bits([observed] * ticks)


def test_the_header_comes_back(tmp_path):
    write(tmp_path / "log.mcap", 1)
    header = Log.open(tmp_path / "log.mcap").header
    assert header.robot == HEADER.robot
    assert header.spec == HEADER.spec
    assert header.contract == HEADER.contract
    assert header.setup == HEADER.setup
    assert header.created.endswith("+00:00")


def test_wire_bytes_and_events_come_back(tmp_path):
    path = tmp_path / "log.mcap"
    data = {"joint": np.int64(3), "limit": np.nan, "worst": np.inf, "list": (1, np.arange(2))}
    with LogWriter(path, HEADER) as log:
        log.raw(1.25, "tx", b"\x00\xff")
        log.raw(1.5, "rx", b"")
        log.event(1.75, "warning", "safety", "clamped\n‘knee’", data)
    back = Log.open(path)
    # /raw/tx and /raw/rx are two channels, kept in the order they were sent.
    assert back.raw == [(1.25, "tx", b"\x00\xff"), (1.5, "rx", b"")]
    event, closing = back.events
    assert event[:4] == (1.75, "warning", "safety", "clamped\n‘knee’")
    assert event.data == {"joint": 3, "limit": None, "worst": np.inf, "list": [1, [0, 1]]}
    assert (closing.kind, closing.text) == ("log", "closed")


def test_optional_fields_have_their_defaults_where_they_were_not_recorded(tmp_path):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER) as log:
        log.reading(reading(0.0))
        log.reading(reading(0.1, torque_enabled=np.array([True, False]), duty=np.array([0.5, 1])))
        log.policy(0.0, [1], [2])
        log.policy(0.1, [1], [2], {"late": [5.0, 6.0]})
        log.policy(0.2, [1], [2])
    back = Log.open(path)
    assert back.readings.torque_enabled.tolist() == [[True, True], [True, False]]
    assert np.array_equal(back.readings.duty, [[np.nan] * 2, [0.5, 1.0]], equal_nan=True)
    late = back.policy.signals["late"]
    assert np.array_equal(late, [[np.nan] * 2, [5.0, 6.0], [np.nan] * 2], equal_nan=True)


def test_a_buffer_the_caller_uses_again_does_not_change_the_log(tmp_path):
    path = tmp_path / "log.mcap"
    goal = np.zeros(2)
    with LogWriter(path, HEADER) as log:
        for tick in range(50):
            goal[:] = tick
            log.command(tick / 50, Command(position=goal))
    assert Log.open(path).commands.position[:, 0].tolist() == list(range(50))


def test_other_readers_find_units_and_both_clocks(tmp_path):
    data = write(tmp_path / "log.mcap")
    reader = make_reader(io.BytesIO(data), validate_crcs=True)
    summary = reader.get_summary()
    schemas = {schema.name: schema for schema in summary.schemas.values()}
    said = json.loads(schemas["ashore.Reading"].data)
    assert "[rad/s]" in said["properties"]["velocity"]["description"]
    # No channel is without a schema, and each is in an encoding that viewers know.
    encodings = {(c.message_encoding, c.schema_id > 0) for c in summary.channels.values()}
    assert encodings == {("json", True), ("protobuf", True)}
    last = list(reader.iter_messages(topics="/command"))[-1][2]
    assert last.publish_time == 2_990_000_000
    assert next(reader.iter_metadata()).name == "ashore"


def test_every_message_is_valid_json_for_strict_parsers(tmp_path):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER) as log:
        log.reading(reading(0.0, 1, current=np.array([np.nan]), age=np.array([np.inf])))

    def refuse(word):
        raise AssertionError(word)

    topics = [channel.topic for channel in CHANNELS if channel.encoding == "json"]
    reader = make_reader(io.BytesIO(path.read_bytes()))
    for _, _, message in reader.iter_messages(topics=topics):
        json.loads(message.data, parse_constant=refuse)


def test_a_signal_that_changes_its_width_is_refused_when_written(tmp_path):
    with LogWriter(tmp_path / "log.mcap", HEADER) as log:
        log.reading(reading(0.0))
        with pytest.raises(LogError, match=r"velocity has shape \(3,\)"):
            log.reading(reading(0.1, velocity=np.zeros(3)))
        with pytest.raises(LogError, match="not complex"):
            log.event(0.0, "info", "test", "odd", {"z": 1j})


def test_a_header_that_is_not_json_is_refused():
    with pytest.raises(LogError, match="the spec"):
        LogHeader(robot="arm", spec="joints: 2")


def test_the_base_comes_back_as_it_was_felt(tmp_path):
    path = tmp_path / "base.mcap"
    felt = Inertial(
        gyro=np.array([0.1, -0.2, 0.3]),
        gravity=np.array([0.0, 0.6, -0.8]),
        acceleration=np.array([0.0, -5.9, 7.8]),
        age=0.02,
    )
    with LogWriter(path, LogHeader(robot="walker"), offline=True) as log:
        log.reading(reading(0.0))
        log.reading(reading(0.02, inertial=felt))
        log.raw(0.02, "imu", b"\x55\x51")
    readings = Log.open(path).readings
    # A tick without a sample is NaN, so that nobody takes it for a base at rest.
    assert np.isnan(readings.gyro[0]).all()
    for name in ("gyro", "gravity", "acceleration"):
        assert getattr(readings, name)[1].tolist() == getattr(felt, name).tolist()
    assert readings.inertial_age[1] == 0.02
    assert [(raw.direction, raw.data) for raw in Log.open(path).raw] == [("imu", b"\x55\x51")]


def test_batches_are_the_log_a_part_at_a_time(tmp_path):
    write(tmp_path / "log.mcap")
    whole = Log.open(tmp_path / "log.mcap")
    parts = list(Log.batches(tmp_path / "log.mcap", messages=100))
    # 300 ticks of five messages, and the closing event.
    assert [sum(map(len, (p.readings, p.commands, p.policy, p.raw, p.events))) for p in parts] == [
        *[100] * 15,
        1,
    ]
    kept = [part.readings for part in parts if len(part.readings)]
    for name in ("time", "position", "age", "fault"):
        assert np.array_equal(
            np.concatenate([getattr(part, name) for part in kept]), getattr(whole.readings, name)
        )
    assert [event for part in parts for event in part.events] == whole.events
    assert [message for part in parts for message in part.raw] == whole.raw
    assert all(part.header == whole.header for part in parts)


def test_the_last_batch_tells_what_the_file_has_lost(tmp_path):
    path = tmp_path / "log.mcap"
    path.write_bytes(write(path)[:-4000])
    *before, last = Log.batches(path, messages=100)
    assert last.damage == Log.open(path).damage is not None
    assert all(part.damage is None for part in before)


def test_tables_are_let_go_of_at_once_and_not_when_the_collector_comes_by():
    gc.disable()
    try:
        sorter = LogSorter(Path("log.mcap"))
        seen = weakref.ref(sorter)
        del sorter
        assert seen() is None
    finally:
        gc.enable()
