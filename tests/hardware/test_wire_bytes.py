"""Laws of the bytes of a wire in a log: viewers know them for what they are."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_samples import HEADER, write
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_cut import cut
from ashore.hardware.logs.log import Log, LogWriter
from ashore.hardware.logs.log_header import _checksum
from ashore.hardware.logs.log_scan import LogScan
from ashore.hardware.logs.log_schemas import CHANNELS
from ashore.hardware.logs.wire_bytes import unwrapped, wrapped


def test_protobufs_own_reader_finds_the_bytes_of_a_wire_by_the_schema_in_the_log(tmp_path):
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    sent = [b"", b"\x00", b"\xff\xff\xfd\x00", bytes(range(256)) * 80]
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, offline=True) as log:
        for number, data in enumerate(sent):
            log.raw(number / 10, "rx", data)
    reader = make_reader(io.BytesIO(path.read_bytes()))
    found = list(reader.iter_messages(topics="/raw/rx"))
    schema = found[0][0]
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(schema.data).file:
        pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(schema.name))
    assert [kind.FromString(message.data).data for _, _, message in found] == sent
    assert [row.data for row in Log.open(path).raw] == sent


@given(st.binary(max_size=300), st.binary(max_size=3))
def test_only_what_was_wrapped_is_unwrapped(data, more):
    message = wrapped(data)
    assert unwrapped(message) == data
    for spoilt in (message[:-1] if data else b"", more + message, message + more):
        if spoilt != message:
            with contextlib.suppress(LogError):
                # What is taken for a message is one, down to its last byte.
                assert wrapped(unwrapped(spoilt)) == spoilt


def test_a_log_of_the_format_before_is_read_and_its_copy_is_of_this_one(tmp_path):
    new, old = tmp_path / "new.mcap", tmp_path / "old.mcap"
    write(new)
    with old.open("wb") as file:
        writer = Writer(file, compression=CompressionType.LZ4)
        writer.start(library="ashore")
        records = HEADER.metadata()
        about = {**records["ashore"], "format": "1"}
        texts = {name: records[name]["json"] for name in ("spec", "contract", "setup")}
        about["crc32"] = _checksum(about, texts)
        for name, record in {**records, "ashore": about}.items():
            writer.add_metadata(name, record)
        ids = {
            channel.topic: writer.register_channel(channel.topic, "application/octet-stream", 0)
            for channel in CHANNELS
        }
        for m in LogScan(new):
            writer.add_message(ids[m.topic], m.stamps[0], m.data, m.stamps[1], m.sequence)
        writer.finish()
    logs = [Log.open(path) for path in (new, old)]
    assert logs[1].damage is None
    assert logs[1].raw == logs[0].raw
    cut(old, tmp_path / "cut.mcap", seconds=(0.0, 100.0))
    assert Log.open(tmp_path / "cut.mcap").raw == logs[0].raw
    assert b"application/octet-stream" not in (tmp_path / "cut.mcap").read_bytes()


def test_what_is_no_message_of_bytes_is_refused_by_its_number(tmp_path):
    path = tmp_path / "log.mcap"
    write(path, ticks=3)
    data = path.read_bytes()
    with pytest.raises(LogError, match=r"message 2 of /raw/tx in .* it is no message of bytes"):
        list(LogScan(_spoilt(data, tmp_path / "spoilt.mcap")))


def _spoilt(data: bytes, path):
    """The same log, its third message of /raw/tx one byte short, written by the library."""
    reader = make_reader(io.BytesIO(data))
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.LZ4)
        writer.start(library="ashore")
        for record in reader.iter_metadata():
            writer.add_metadata(record.name, record.metadata)
        ids = {c.topic: writer.register_channel(c.topic, c.encoding, 0) for c in CHANNELS}
        for _, channel, message in reader.iter_messages():
            short = channel.topic == "/raw/tx" and message.sequence == 2
            content = message.data[:-1] if short else message.data
            stamps = message.log_time, message.publish_time
            writer.add_message(ids[channel.topic], stamps[0], content, stamps[1], message.sequence)
        writer.finish()
    return path
