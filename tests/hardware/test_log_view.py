"""Laws of looking at a log: what is shown is in it, wherever one looks, and however long it is."""

import struct
import zlib

import numpy as np
import pytest
from log_samples import HEADER, reading, write
from mcap.opcode import Opcode

from ashore.hardware.errors import LogError
from ashore.hardware.logs import chunk_places
from ashore.hardware.logs.log import Log, LogWriter
from ashore.hardware.logs.log_schemas import COMMAND, EVENT, POLICY, READING
from ashore.hardware.logs.log_view import LogView

ALL = 1_000_000


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.mcap"
    write(path, ticks=4000)
    return path


def test_where_there_is_room_every_row_is_shown_as_it_is(log):
    view, whole = LogView(log), Log.open(log)
    assert view.span == pytest.approx((0.0, 39.99))
    found = view.table(READING, ("position", "age"), *view.span, ALL)
    assert np.array_equal(found["time"], whole.readings.time)
    assert np.array_equal(found["position"], whole.readings.position)
    assert np.array_equal(found["age"], whole.readings.age)
    assert found["step"] == 1.0
    goals = view.table(COMMAND, ("position",), *view.span, ALL)
    assert np.array_equal(goals["position"], whole.commands.position)
    seen = view.table(POLICY, ("signals.latency",), *view.span, ALL)
    assert np.array_equal(seen["signals.latency"], whole.policy.signals["latency"])


def test_it_tells_its_signals_and_how_wide_they_are(log):
    found = LogView(log).signals
    assert set(found) == {READING, COMMAND, POLICY}
    assert found[READING]["position"] == 2
    assert found[POLICY] == {"observation": 20, "action": 2, "signals.latency": 1}


@pytest.mark.parametrize("points", [10, 100, 1000])
def test_of_many_rows_some_are_shown_evenly_and_each_is_one_of_the_log(log, points):
    view, whole = LogView(log), Log.open(log)
    found = view.table(READING, ("position",), *view.span, points)
    count = len(found["time"])
    assert points / 2 <= count <= 2 * points
    assert (np.diff(found["time"]) > 0.0).all()
    at = np.searchsorted(whole.readings.time, found["time"])
    assert np.array_equal(whole.readings.position[at], found["position"])
    # No hole is wider than a few of the usual steps, and each stands for as many as are between.
    assert np.diff(found["time"]).max() < 4.0 * 40.0 / points
    assert found["step"][0] == pytest.approx(4000 / count, rel=0.6)


def test_no_extreme_of_any_row_is_lost_however_few_parts_there_are(log):
    view, whole = LogView(log), Log.open(log)
    for bins in (1, 7, 333):
        found = view.extremes(READING, "position", (5.0, 25.0), bins, lambda: True)
        assert found["low"].shape == found["high"].shape == (bins, 2)
        assert found["time"] == pytest.approx(5.0 + 20.0 / bins * (np.arange(bins) + 0.5))
        rows = (whole.readings.time >= 5.0) & (whole.readings.time <= 25.0)
        part = np.minimum((whole.readings.time[rows] - 5.0) / 20.0 * bins, bins - 1)
        for number in range(bins):
            of_part = whole.readings.position[rows][part.astype(int) == number]
            assert np.array_equal(found["low"][number], of_part.min(axis=0))
            assert np.array_equal(found["high"][number], of_part.max(axis=0))


def test_parts_without_a_number_are_left_out_and_what_nobody_wants_is_not_read(log, tmp_path):
    nothing = LogView(log).extremes(READING, "position", (5.0, 25.0), 9, lambda: False)
    assert len(nothing["time"]) == 0
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, offline=True) as writer:
        for time, value in ((0.0, [1.0, np.nan]), (0.1, [3.0, 2.0]), (9.9, [np.nan, np.nan])):
            writer.reading(reading(time, current=np.array(value)))
    found = LogView(path).extremes(READING, "current", (0.0, 10.0), 10, lambda: True)
    assert found["time"] == pytest.approx([0.5])
    assert (found["low"].tolist(), found["high"].tolist()) == ([[1.0, 2.0]], [[3.0, 2.0]])


def test_a_log_that_begins_and_ends_with_events_is_thinned_as_any_other(tmp_path):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, offline=True) as log:
        for number in range(2000):
            log.event(number / 1e3, "info", "test", "x" * 200)
        for tick in range(5000):
            log.reading(reading(2.0 + tick / 100))
        for number in range(2000):
            log.event(52.0 + number / 1e3, "info", "test", "x" * 200)
    view = LogView(path)
    found = view.table(READING, ("position",), *view.span, 500)
    assert 250 <= len(found["time"]) <= 1000
    assert found["step"][0] == pytest.approx(5000 / len(found["time"]), rel=0.6)


def test_a_stretch_is_what_was_logged_in_it(log):
    view, whole = LogView(log), Log.open(log)
    found = view.table(READING, ("velocity",), 17.0, 18.5, ALL)
    rows = (whole.readings.time >= 17.0) & (whole.readings.time <= 18.5)
    assert np.array_equal(found["velocity"], whole.readings.velocity[rows])
    assert len(view.table(READING, ("velocity",), 100.0, 101.0, ALL)["time"]) == 0


def test_what_a_row_has_not_is_not_a_number(tmp_path):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, offline=True) as log:
        log.reading(reading(0.0))
        log.reading(reading(0.1, duty=np.array([0.5, -0.5])))
    found = LogView(path).table(READING, ("duty",), 0.0, 1.0, ALL)["duty"]
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [0.5, -0.5]


@pytest.mark.parametrize("spoilt", ["none", "a flipped bit", "a place past the end", "absent"])
def test_chunks_are_found_by_an_index_that_can_be_believed_else_one_by_one(spoilt, log, tmp_path):
    data, path = bytearray(log.read_bytes()), tmp_path / "log.mcap"
    foot = len(data) - 8 - 29
    (begin,) = struct.unpack_from("<Q", data, foot + 9)
    # The first chunk's index: its kind, its length, two times, then where the chunk is.
    place = data.index(bytes([Opcode.CHUNK_INDEX]), begin)
    while struct.unpack_from("<Q", data, place + 25)[0] > begin:
        place = data.index(bytes([Opcode.CHUNK_INDEX]), place + 1)
    if spoilt == "a flipped bit":
        data[place + 25] ^= 1
    elif spoilt == "a place past the end":
        struct.pack_into("<Q", data, place + 25, begin + 1)
        struct.pack_into("<I", data, foot + 25, zlib.crc32(data[begin : foot + 25]))
    elif spoilt == "absent":
        del data[begin:]
    path.write_bytes(data)
    with path.open("rb") as file:
        found = chunk_places._by_index(file.fileno(), len(data))
        assert (found is not None) == (spoilt == "none")
        assert chunk_places.chunk_places(file.fileno()) == chunk_places._by_heads(
            file.fileno(), len(data)
        )
    whole = Log.open(log).readings.position
    seen = LogView(path).table(READING, ("position",), 0.0, 40.0, ALL)["position"]
    assert np.array_equal(seen, whole)


def test_a_log_that_was_cut_is_shown_to_its_last_chunk_and_a_bad_chunk_is_stepped_over(
    log, tmp_path
):
    data, cut = bytearray(log.read_bytes()), tmp_path / "cut.mcap"
    view = LogView(log)
    begin, length = view._places[3]
    data[begin + length // 2] ^= 0xFF
    cut.write_bytes(data[: len(data) * 2 // 3])
    view, whole = LogView(cut), Log.open(cut)
    assert whole.damage
    found = view.table(READING, ("position",), *view.span, ALL)
    assert np.array_equal(found["time"], whole.readings.time)


def test_what_is_no_log_is_refused_in_a_sentence(tmp_path):
    for name, content in (("empty", b""), ("text", b"time,position\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LogError):
            LogView(tmp_path / name)
    with pytest.raises(LogError, match="absent"):
        LogView(tmp_path / "absent")


def test_a_part_of_a_log_is_a_log(log):
    view, whole = LogView(log), Log.open(log)
    part = view.log(17.0, 18.5)
    rows = (whole.readings.time >= 17.0) & (whole.readings.time <= 18.5)
    assert np.array_equal(part.readings.position, whole.readings.position[rows])
    assert np.array_equal(part.policy.observation, whole.policy.observation[rows])
    assert part.header == whole.header
    assert part.events == []


def test_events_are_found_without_reading_the_rest(tmp_path):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, offline=True) as log:
        for tick in range(3000):
            log.reading(reading(tick / 100))
            if tick % 1000 == 500:
                log.event(tick / 100, "warning", "safety", f"at {tick}", {"tick": tick})
    view = LogView(path)
    assert view.events() == Log.open(path).events
    assert [event.kind for event in view.events()] == ["safety"] * 3 + ["log"]
    assert len(view._holding[EVENT]) < len(view._places) / 2
