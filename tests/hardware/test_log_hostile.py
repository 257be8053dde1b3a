"""Laws of files that are no logs, or pretend to be: one clear error, and no memory taken."""

import io
import json
import struct
import zlib

import lz4.frame
import pytest
from log_samples import HEADER, SIGNALS, opened
from mcap.writer import MCAP0_MAGIC, Writer

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, recover
from ashore.hardware.logs.log_file import LogFile


def mcap_of(messages: list[bytes], version: str | None = "1") -> bytes:
    file = io.BytesIO()
    writer = Writer(file)
    writer.start()
    if version:
        writer.add_metadata("ashore", {"format": version, "robot": "arm"})
    schema = writer.register_schema("x", "jsonschema", b"{}")
    channel = writer.register_channel("/reading", "json", schema)
    for data in messages:
        writer.add_message(channel, 0, data, 0)
    writer.finish()
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is empty"),
        (b"ROSBAG V2.0\n", "not an MCAP file"),
        (MCAP0_MAGIC[:5], "not an MCAP file"),
        (MCAP0_MAGIC, "inside its header"),
        (MCAP0_MAGIC + b"\x0c" + b"\xff" * 60, "inside its header"),
        (mcap_of([], None), "without Ashore's metadata"),
        (mcap_of([b"{}"], None), "without Ashore's metadata"),
        (mcap_of([b"{}"], "7"), "format version is '7'"),
        (mcap_of([b"{}"]), "zstd"),
    ],
)
def test_a_file_that_is_no_log_gives_one_clear_error(data, match, tmp_path):
    with pytest.raises(LogError, match=match) as error:
        opened(data, tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(LogError):
        recover(tmp_path / "log.mcap", tmp_path / "new.mcap")
    assert not (tmp_path / "new.mcap").exists()


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(LogError, match="No such file"):
        Log.open(tmp_path / "none.mcap")
    with pytest.raises(LogError, match="directory"):
        Log.open(tmp_path)


def record(opcode: int, payload: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(payload)) + payload


def chunk(records: bytes, compression: bytes = b"", crc: int | None = None, size: int = 0) -> bytes:
    packed = lz4.frame.compress(records) if compression == b"lz4" else records
    crc = zlib.crc32(records) if crc is None else crc
    head = struct.pack("<QQQII", 0, 0, size or len(records), crc, len(compression))
    return record(6, head + compression + struct.pack("<Q", len(packed)) + packed)


def message(channel: int, data: bytes) -> bytes:
    return record(5, struct.pack("<HIQQ", channel, 0, 0, 0) + data)


def reading_json(**changed) -> bytes:
    body = {"time": 0.0, **{name: [0.0] for name in SIGNALS}, "fault": [0], **changed}
    return json.dumps(body).encode()


@pytest.fixture
def header(tmp_path) -> bytes:
    LogFile(tmp_path / "header.mcap", HEADER).close()
    return (tmp_path / "header.mcap").read_bytes()


@pytest.mark.slow
def test_a_chunk_that_would_unpack_to_gigabytes_is_left_out(header, tmp_path):
    good = chunk(message(1, reading_json()))
    bomb = chunk(bytes(200_000_000), b"lz4")
    log = opened(header + good + bomb, tmp_path)
    assert "would unpack to" in log.damage
    assert len(log.readings) == 1


def test_a_length_beyond_the_file_is_a_cut(header, tmp_path):
    good = chunk(message(1, reading_json()))
    log = opened(header + good + b"\x06" + b"\xff" * 40, tmp_path)
    assert "no whole record" in log.damage
    assert len(log.readings) == 1


def test_a_length_beyond_its_chunk_is_damage(header, tmp_path):
    good = chunk(message(1, reading_json()))
    for length in (2**31, 2**62, 2**64 - 1):
        inner = struct.pack("<BQ", 5, length) + bytes(30)
        log = opened(header + good + chunk(inner), tmp_path)
        assert log.damage
        assert len(log.readings) == 1


def test_a_first_chunk_that_is_lost_does_not_take_the_channels_with_it(header, tmp_path):
    bad = chunk(b"the channels were here", crc=1)
    log = opened(header + bad + chunk(message(1, reading_json())), tmp_path)
    assert len(log.readings) == 1
    assert "left out" in log.damage


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be an object"),
        (reading_json(position=[[1.0]]), "position holds something else"),
        (reading_json(position="far"), "position is str"),
        (reading_json(velocity=[1.0, 2.0]), "velocity has 2 numbers for 1 joints"),
        (reading_json(fault=[256]), "fault holds bits"),
        (reading_json(time=10**400), "time holds something else"),
        (b'{"time": 0}', "no position"),
    ],
)
def test_a_message_that_is_not_ours_is_one_clear_error(header, data, match, tmp_path):
    with pytest.raises(LogError, match=match):
        opened(header + chunk(message(1, data)), tmp_path)
