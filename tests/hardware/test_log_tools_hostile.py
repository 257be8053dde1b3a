"""Laws of the tools on files that lie: one sentence or what is good of it, and no memory taken."""

import struct
import tracemalloc
from pathlib import Path

import pytest
from log_samples import HEADER
from log_sessions import session
from mcap.writer import MCAP0_MAGIC
from test_log_hostile import chunk, mcap_of, message, reading_json, record

from ashore.hardware.catalogue.catalogue import Catalogue
from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_anonymity import anonymise
from ashore.hardware.log_tools.log_cut import cut
from ashore.hardware.log_tools.log_inspection import inspect
from ashore.hardware.log_tools.log_merge import merge
from ashore.hardware.log_tools.log_summary import summarise
from ashore.hardware.logs.log_file import LogFile

TOOLS = {
    "info": lambda log, out: summarise(log),
    "check": lambda log, out: inspect(log),
    "cut": lambda log, out: cut(log, out),
    "episodes": lambda log, out: cut(log, out, episodes=(1, 1)),
    "merge": lambda log, out: merge([log, log], out),
    "anonymise": lambda log, out: anonymise(log, out),
    "logs": lambda log, out: Catalogue(log.parent).entries(),
}
LARGEST = 150_000_000
"""Memory that a tool may take: one chunk of the largest size, twice, and its messages [B]."""


def header(folder: Path) -> bytes:
    LogFile(folder / "header.mcap", HEADER).close()
    data = (folder / "header.mcap").read_bytes()
    (folder / "header.mcap").unlink()
    return data


def stamped(data: bytes, sequence: int, stamp: int, channel: int = 1) -> bytes:
    return record(5, struct.pack("<HIQQ", channel, sequence, stamp, stamp) + data)


def files(folder: Path) -> dict[str, bytes]:
    head, good = header(folder), chunk(message(1, reading_json()))
    tail = session(folder / "whole.mcap", ticks=50).read_bytes()
    (folder / "whole.mcap").unlink()
    far = chunk(stamped(reading_json(), 2**32 - 1, 2**64 - 1))
    return {
        "empty": b"",
        "magic": MCAP0_MAGIC,
        "foreign": mcap_of([b"{}"], None),
        "zstd": mcap_of([b"{}"]),
        "bomb": head + good + chunk(bytes(200_000_000), b"lz4"),
        "length": head + good + b"\x06" + b"\xff" * 40,
        "inner": head + good + chunk(struct.pack("<BQ", 5, 2**62) + bytes(30)),
        "crc": head + good + chunk(message(1, reading_json()), crc=1),
        "deep": head + chunk(message(4, b"[" * 100_000)),
        "far": head + good + far,
        "twice": head + far + far,
        "text": head + chunk(message(4, b'{"kind": 3, "text": {"a": 1}, "data": 7}')),
        "strange": head + chunk(message(1, reading_json(time="now", note="x"))),
        "tail": tail[:-60] + bytes(60),
    }


@pytest.mark.parametrize("tool", TOOLS)
def test_a_hostile_file_is_one_sentence_or_what_is_good_of_it(tool, tmp_path):
    for name, data in files(tmp_path).items():
        if name == "bomb":
            continue
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "log.mcap").write_bytes(data)
        refusal = None
        try:
            TOOLS[tool](folder / "log.mcap", folder / "new.mcap")
        except LogError as error:
            refusal = str(error)
        assert refusal is None or ("\n" not in refusal and not (folder / "new.mcap").exists())
        assert not list(folder.glob(".*part")), name


@pytest.mark.slow
def test_a_bomb_takes_no_memory(tmp_path):
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "log.mcap"
    log.write_bytes(files(tmp_path)["bomb"])
    for name, tool in TOOLS.items():
        tracemalloc.start()
        try:
            tool(log, tmp_path / f"{name}.mcap")
        except LogError:
            assert not (tmp_path / f"{name}.mcap").exists()
        assert tracemalloc.get_traced_memory()[1] < LARGEST, name
        tracemalloc.stop()


def test_an_index_that_lies_is_not_believed(tmp_path):
    whole = session(tmp_path / "log.mcap", ticks=50)
    data = bytearray(whole.read_bytes())
    place = data.rindex(struct.pack("<Q", 50))
    data[place : place + 8] = struct.pack("<Q", 10**15)
    whole.write_bytes(data)
    found = summarise(whole)
    assert not found.indexed
    assert found.counts["/reading"] == 50
    assert "index" in found.damage


@pytest.mark.parametrize("text", ["__import__('os').system('touch ran')", "$(touch ran)"])
def test_nothing_in_a_log_is_executed(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session(tmp_path / "log.mcap", ticks=20, robot=text, trajectory=text, note=text)
    for name, tool in TOOLS.items():
        if name != "logs":
            tool(tmp_path / "log.mcap", tmp_path / f"{name}.mcap")
    Catalogue(tmp_path).split((1.0, 0.0, 0.0))
    assert not (tmp_path / "ran").exists()
