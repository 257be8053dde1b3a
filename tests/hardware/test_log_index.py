"""The index of a log: as any MCAP reader expects it, and kept on the disk while recording."""

import tracemalloc
from pathlib import Path

from log_samples import HEADER, write
from mcap.opcode import Opcode
from mcap.reader import NonSeekingReader, SeekingReader

from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_schemas import COMMAND, RAW_RX, READING


def recorded(path: Path, chunks: int, each: int = 3) -> None:
    """A log whose chunk `n` holds some messages at n seconds."""
    file = LogFile(path, HEADER)
    for chunk in range(chunks):
        for n in range(each):
            stamps = (chunk * 10**9 + n, 0)
            file.add((READING, RAW_RX)[n % 2], b"%d" % n, stamps, chunk * each + n)
        file.flush()
    file.finish()
    file.close()


def test_reading_by_the_index_finds_what_reading_all_finds(tmp_path):
    path = tmp_path / "log.mcap"
    write(path)
    with path.open("rb") as file:
        every = [m for _, _, m in NonSeekingReader(file, validate_crcs=True).iter_messages()]
    with path.open("rb") as file:
        reader = SeekingReader(file, validate_crcs=True)
        found = [m for _, _, m in reader.iter_messages()]
        some = [m.data for _, c, m in reader.iter_messages(topics=[COMMAND]) if c.topic == COMMAND]
    assert sorted(m.data for m in found) == sorted(m.data for m in every)
    assert len(some) == 300


def test_the_index_says_where_each_chunk_and_each_channel_of_it_is(tmp_path):
    path = tmp_path / "log.mcap"
    recorded(path, chunks=4)
    data = path.read_bytes()
    with path.open("rb") as file:
        summary = SeekingReader(file, validate_crcs=True).get_summary()
    assert [index.message_start_time for index in summary.chunk_indexes] == [
        n * 10**9 for n in range(4)
    ]
    topics = {channel.id: channel.topic for channel in summary.channels.values()}
    for index in summary.chunk_indexes:
        assert data[index.chunk_start_offset] == Opcode.CHUNK
        after = index.chunk_start_offset + index.chunk_length
        assert {topics[key] for key in index.message_index_offsets} == {READING, RAW_RX}
        assert min(index.message_index_offsets.values()) == after
        for key, place in index.message_index_offsets.items():
            assert data[place] == Opcode.MESSAGE_INDEX
            assert int.from_bytes(data[place + 9 : place + 11], "little") == key
        assert data[after + index.message_index_length] in (Opcode.CHUNK, Opcode.DATA_END)
    assert summary.statistics.chunk_count == len(summary.chunk_indexes) == 4
    assert summary.statistics.message_count == 12
    last = (summary.statistics.message_start_time, summary.statistics.message_end_time)
    assert last == (0, 3 * 10**9 + 2)


def test_a_part_of_the_time_is_found_by_the_index(tmp_path):
    path = tmp_path / "log.mcap"
    recorded(path, chunks=9)
    with path.open("rb") as file:
        reader = SeekingReader(file)
        times = [m.log_time for _, _, m in reader.iter_messages(starting_at=4 * 10**9)]
    assert times == [n * 10**9 + k for n in range(4, 9) for k in range(3)]


def test_a_log_takes_no_more_memory_as_it_grows(tmp_path):
    def kept(chunks: int) -> int:
        """Bytes that an open log of so many chunks holds."""
        file = LogFile(tmp_path / f"{chunks}.mcap", HEADER)
        tracemalloc.start()
        for chunk in range(chunks):
            file.add(READING, b"{}", (chunk, chunk), chunk)
            file.flush()
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        file.close()
        return size

    kept(10)
    assert kept(3000) - kept(100) < 2000  # the library's own writer: 700 bytes a chunk
