"""Laws of the tools on logs: what they keep is unchanged, what they take is gone, all is said."""

import json
import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from log_samples import HEADER, reading, write
from log_sessions import ABOUT, SPEC, session
from mcap.reader import make_reader

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools import log_contents
from ashore.hardware.log_tools.log_anonymity import anonymise
from ashore.hardware.log_tools.log_cut import cut
from ashore.hardware.log_tools.log_inspection import inspect
from ashore.hardware.log_tools.log_merge import merge
from ashore.hardware.log_tools.log_summary import summarise
from ashore.hardware.log_tools.new_log import new_log
from ashore.hardware.logs import log_disk
from ashore.hardware.logs.log import Log, LogHeader, LogWriter, check
from ashore.hardware.logs.log_scan import LogScan
from ashore.hardware.run.robot_match import require_log
from ashore.hardware.spec import RobotSpec


def messages(path: Path, topic: str | None = None) -> list[bytes]:
    return [m.data for m in LogScan(path) if topic in (None, m.topic)]


def same_tables(one: Log, other: Log) -> None:
    for name in ("readings", "commands", "policy"):
        for key, value in vars(getattr(one, name)).items():
            if key != "signals":
                assert np.array_equal(value, vars(getattr(other, name))[key], equal_nan=True), key
    for key, value in one.policy.signals.items():
        assert np.array_equal(value, other.policy.signals[key])
    assert one.raw == other.raw


def broken(path: Path) -> None:
    """Flip a bit in the middle of a chunk in the middle of a log."""
    with path.open("rb") as file:
        chunks = make_reader(file).get_summary().chunk_indexes
    chunk = chunks[len(chunks) // 2]
    data = bytearray(path.read_bytes())
    data[chunk.chunk_start_offset + chunk.chunk_length // 2] ^= 1
    path.write_bytes(data)


def test_cut_then_merge_gives_back_the_same_tables(tmp_path):
    whole = session(tmp_path / "log.mcap", start=7.25)
    borders = (None, 0.5, 1.125, 2.0, None)
    parts = []
    for index, (begin, end) in enumerate(pairwise(borders)):
        part = tmp_path / f"{index}.mcap"
        cut(whole, part, seconds=(-np.inf if begin is None else begin, end or np.inf))
        parts.append(part)
    seams = merge(parts, tmp_path / "again.mcap")
    full, again = Log.open(whole), Log.open(tmp_path / "again.mcap")
    same_tables(full, again)
    assert again.damage is None
    assert not any(seam.shift for seam in seams)
    assert [e for e in again.events if e.kind != "log"] == [
        e for e in full.events if e.kind != "log"
    ]
    assert inspect(tmp_path / "again.mcap") == []


def test_a_cut_keeps_what_lies_in_it_byte_for_byte_and_is_whole(tmp_path):
    whole = session(tmp_path / "log.mcap", start=3.0)
    done = cut(whole, tmp_path / "cut.mcap", seconds=(1.0, 2.0))
    new = Log.open(tmp_path / "cut.mcap")
    # 100 Hz from 1 s on and before 2 s: 100 ticks.
    assert len(new.readings) == len(new.commands) == len(new.raw) == 100
    assert new.readings.time[0] == pytest.approx(4.0)
    assert new.damage is None
    assert new.header == Log.open(whole).header
    for topic in ("/reading", "/command", "/policy", "/raw/tx"):
        assert messages(tmp_path / "cut.mcap", topic) == messages(whole, topic)[100:200]
    last = new.events[-1]
    assert (last.kind, last.data["kept"]) == ("log", done.kept)
    assert "from 1.000 s to 2.000 s" in last.text
    assert done.kept + done.left_out == len(messages(whole))


def test_all_events_can_be_kept(tmp_path):
    whole = session(tmp_path / "log.mcap")
    cut(whole, tmp_path / "cut.mcap", seconds=(1.5, 1.6), all_events=True)
    assert Log.open(tmp_path / "cut.mcap").events[:-1] == Log.open(whole).events


def test_episodes_are_cut_from_their_beginning_to_what_ends_them(tmp_path):
    whole = session(tmp_path / "log.mcap", episodes=3)
    cut(whole, tmp_path / "cut.mcap", episodes=(2, 2))
    new = Log.open(tmp_path / "cut.mcap")
    # Episodes take 100 ticks, of which 20 are homing; the second runs from 1.2 s to 2.0 s.
    assert new.readings.time[[0, -1]] == pytest.approx([1.2, 1.99])
    assert [e.text for e in new.events][:2] == ["running", "homing"]
    assert summarise(tmp_path / "cut.mcap").episodes == 1
    cut(whole, tmp_path / "rest.mcap", episodes=(2, 3))
    assert summarise(tmp_path / "rest.mcap").episodes == 2
    with pytest.raises(LogError, match="holds 3 episodes, and 3 to 4"):
        cut(whole, tmp_path / "none.mcap", episodes=(3, 4))
    with pytest.raises(LogError, match="counted from 1"):
        cut(whole, tmp_path / "none.mcap", episodes=(0, 1))


@pytest.mark.parametrize("seconds", [(5.0, 6.0), (2.0, 1.0), (1.0, 1.0)])
def test_a_cut_without_anything_is_refused_and_leaves_nothing(seconds, tmp_path):
    session(tmp_path / "log.mcap")
    with pytest.raises(LogError):
        cut(tmp_path / "log.mcap", tmp_path / "cut.mcap", seconds=seconds)
    assert [p.name for p in tmp_path.iterdir()] == ["log.mcap"]


def test_what_was_lost_in_a_log_is_missing_in_its_copies(tmp_path):
    broken(session(tmp_path / "log.mcap", ticks=600))
    for name, make in (
        ("cut", lambda out: cut(tmp_path / "log.mcap", out, seconds=(0.1, 5.5))),
        ("bare", lambda out: anonymise(tmp_path / "log.mcap", out)),
    ):
        done = make(tmp_path / f"{name}.mcap")
        assert done.damage
        assert "are missing" in Log.open(tmp_path / f"{name}.mcap").damage
    session(tmp_path / "next.mcap", start=20.0)
    seams = merge([tmp_path / "log.mcap", tmp_path / "next.mcap"], tmp_path / "merged.mcap")
    assert seams[0].damage
    assert seams[1].damage is None
    assert "are missing" in Log.open(tmp_path / "merged.mcap").damage


def test_merged_logs_never_run_backwards_and_are_shifted_only_then(tmp_path):
    one = session(tmp_path / "one.mcap", start=5.0, port="/dev/ttyUSB0", created="2026-01-01T10")
    two = session(tmp_path / "two.mcap", start=1.0, port="/dev/ttyUSB1", created="2026-01-02T10")
    three = session(tmp_path / "three.mcap", start=100.0, port="/dev/ttyUSB1")
    seams = merge([one, two, three], tmp_path / "merged.mcap")
    # The first ends at 7.99 s, with a period of 10 ms: the second, of 1.0 s, begins at 8.00 s.
    assert [seam.shift for seam in seams] == [0.0, pytest.approx(7.0), 0.0]
    new = Log.open(tmp_path / "merged.mcap")
    assert new.damage is None
    check(new)
    parts = [Log.open(path) for path in (one, two, three)]
    assert np.array_equal(
        new.readings.position, np.concatenate([p.readings.position for p in parts])
    )
    assert new.readings.time[300:600] == pytest.approx(parts[1].readings.time + 7.0)
    assert np.array_equal(new.readings.time[600:], parts[2].readings.time)
    assert inspect(tmp_path / "merged.mcap") == []
    seam = next(e for e in new.events if "two.mcap" in e.text)
    assert seam.kind == "log"
    assert seam.time == pytest.approx(8.0)
    assert seam.data["setup"]["port"] == "/dev/ttyUSB1"
    assert "port" not in new.header.setup
    assert new.header.setup["kind"] == "record"
    assert len(new.header.recordings) == 3


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"robot": "leg"}, "differ in their robot: 'arm' and 'leg'"),
        ({"spec": '{"joints": []}'}, "differ in their spec"),
        ({"contract": '{"terms": [1]}'}, "differ in their contract"),
    ],
)
def test_logs_of_different_robots_are_not_merged(changed, match, tmp_path):
    session(tmp_path / "one.mcap", ticks=30)
    with LogWriter(tmp_path / "two.mcap", LogHeader(**{**ABOUT, **changed}), offline=True) as log:
        log.reading(reading(0.0))
    with pytest.raises(LogError, match=match):
        merge([tmp_path / "one.mcap", tmp_path / "two.mcap"], tmp_path / "new.mcap")
    assert not (tmp_path / "new.mcap").exists()


def test_logs_of_other_widths_and_single_ones_are_not_merged(tmp_path):
    session(tmp_path / "one.mcap", ticks=30)
    session(tmp_path / "two.mcap", ticks=30, joints=3)
    with pytest.raises(LogError, match="has 3 numbers and had 2"):
        merge([tmp_path / "one.mcap", tmp_path / "two.mcap"], tmp_path / "new.mcap")
    with pytest.raises(LogError, match="two or more"):
        merge([tmp_path / "one.mcap"], tmp_path / "new.mcap")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.mcap", "two.mcap"]


SECRETS = (
    "/dev/serial/by-id/usb-ROBOTIS_FT5WIYAB", "maria.k", "hopper.lab.example.org", "10.1.2.33",
    "/home/maria", "run_17.npz", "SN-48213", "Belgrade", "monday_gait", "carpet of room 3",
    "T13:37", "FT5WIYAB",
)


def secret_log(path: Path) -> None:
    setup = {
        "kind": "record", "policy": "ab12" * 8, "seed": 3, "p_gain": 900, "joints": ["a", "b"],
        "port": "/dev/serial/by-id/usb-ROBOTIS_FT5WIYAB", "operator": "maria.k",
        "host": "hopper.lab.example.org", "source": "/home/maria/logs/run_17.npz",
        "serial": "SN-48213", "note": "carpet of room 3", "trajectory": "monday_gait",
        "nested": {"town": "Belgrade"}, "stop_input": ["/dev/input/by-id/FT5WIYAB"],
    }
    spec = json.dumps({"name": "arm", "joints": ["a", "b"], "note": "built in Belgrade",
                       "model": "/home/maria/arm.xml", "gain": 0.1 + 0.2})
    header = LogHeader(
        robot="arm", spec=spec, contract='{"terms": []}', setup=setup,
        created="2026-03-04T13:37:21.123+00:00",
    )
    with LogWriter(path, header) as log:
        log.event(0.0, "info", "state", "running", {"task": "reach", "plan": [1.0]})
        log.event(0.0, "info", "note", "carpet of room 3, says maria.k", {"town": "Belgrade"})
        for tick in range(50):
            log.reading(reading(tick / 100, velocity=[np.nan, np.inf]))
            log.raw(tick / 100, "rx", b"FT5WIYAB")
        log.event(0.5, "error", "release", "no servo on /dev/serial/by-id/usb-ROBOTIS_FT5WIYAB")
        fault = "fault: host 10.1.2.33 saw maria.k at hopper.lab.example.org"
        log.event(0.5, "error", "state", fault)


def everything_in(path: Path) -> bytes:
    """All bytes of a file, as they are and with its chunks unpacked."""
    scan = LogScan(path)
    return path.read_bytes() + b"\n".join(message.data for message in scan) + str(
        scan.header
    ).encode()


def test_an_anonymised_log_holds_nothing_that_names_the_lab_and_all_its_physics(tmp_path):
    secret_log(tmp_path / "log.mcap")
    before = everything_in(tmp_path / "log.mcap")
    assert all(secret.encode() in before for secret in SECRETS)
    done = anonymise(tmp_path / "log.mcap", tmp_path / "new.mcap")
    after = everything_in(tmp_path / "new.mcap")
    assert [secret for secret in SECRETS if secret.lower().encode() in after.lower()] == []
    assert messages(tmp_path / "new.mcap", "/reading") == messages(
        tmp_path / "log.mcap", "/reading"
    )
    new = Log.open(tmp_path / "new.mcap")
    assert new.damage is None
    assert new.raw == []
    assert {key: new.header.setup[key] for key in ("kind", "policy", "seed", "p_gain")} == {
        "kind": "record", "policy": "ab12" * 8, "seed": 3, "p_gain": 900
    }
    assert json.loads(new.header.spec)["gain"] == 0.1 + 0.2
    assert new.header.created == "2026-03-04"
    assert new.events[0].data == {"task": "reach", "plan": [1.0]}
    assert next(e.text for e in new.events if e.kind == "state") == "running"
    assert any("50 messages of raw bytes" in what for what in done.taken)
    # The host's clock is the time of day: it is the robot's now.
    assert all(m.stamps[0] == m.stamps[1] for m in LogScan(tmp_path / "new.mcap"))


def test_equal_trajectories_are_known_as_equal_without_their_name(tmp_path):
    for name, trajectory in (("a", "sin"), ("b", "sin"), ("c", "cos")):
        session(tmp_path / f"{name}.mcap", ticks=20, trajectory=trajectory)
        anonymise(tmp_path / f"{name}.mcap", tmp_path / f"{name}-new.mcap")
    a, b, c = (Log.open(tmp_path / f"{n}-new.mcap").header.setup["trajectory"] for n in "abc")
    assert a == b != c
    assert a not in ("sin", "cos")


def test_raw_bytes_stay_only_where_it_is_asked_for(tmp_path):
    session(tmp_path / "log.mcap", ticks=30)
    anonymise(tmp_path / "log.mcap", tmp_path / "new.mcap", keep_raw=True)
    assert Log.open(tmp_path / "new.mcap").raw == Log.open(tmp_path / "log.mcap").raw


def test_a_header_without_secrets_keeps_its_spec_letter_by_letter(tmp_path):
    session(tmp_path / "log.mcap", ticks=30)
    anonymise(tmp_path / "log.mcap", tmp_path / "new.mcap")
    assert Log.open(tmp_path / "new.mcap").header.spec == SPEC


@pytest.mark.parametrize("name", ["arm", "quadruped", "servo"])
def test_a_robots_body_stays_as_it_was_but_for_what_people_wrote(name, tmp_path):
    spec = RobotSpec.load(name)
    with LogWriter(tmp_path / "log.mcap", LogHeader(robot=name, spec=spec.to_json())) as log:
        log.reading(reading(0.0))
    anonymise(tmp_path / "log.mcap", tmp_path / "new.mcap")
    header = Log.open(tmp_path / "new.mcap").header
    require_log(header, spec)
    found = RobotSpec.from_dict(json.loads(header.spec))
    bare = re.sub("<!--.*?-->", "", spec.model, flags=re.DOTALL)
    assert found == replace(spec, description="", model=bare)


def test_a_summary_by_the_index_says_what_reading_all_says(tmp_path):
    whole = session(tmp_path / "log.mcap", ticks=600, trajectory="sin")
    short = summarise(whole)
    data = whole.read_bytes()
    (tmp_path / "bare.mcap").write_bytes(data[:-5])
    long = summarise(tmp_path / "bare.mcap")
    assert short.indexed
    assert not long.indexed
    assert "closing mark" in long.damage
    same = {"size": 0, "indexed": False, "damage": None}
    assert replace(short, **same) == replace(long, **same)
    assert short.counts["/reading"] == 600
    assert short.rate == pytest.approx(100.0)
    assert short.seconds == pytest.approx(5.99)
    assert short.joints == ("shoulder", "elbow")
    assert "trajectory sin" in short.labels
    assert short.episodes == 3


def test_a_summary_decodes_few_of_a_whole_logs_messages(tmp_path, monkeypatch):
    whole = session(tmp_path / "log.mcap", ticks=2500, episodes=2)
    count, real = [], log_contents.chunk_records
    monkeypatch.setattr(log_contents, "chunk_records", lambda p: count.append(1) or real(p))
    assert summarise(whole).indexed
    with whole.open("rb") as file:
        chunks = make_reader(file).get_summary().statistics.chunk_count
    # Those with one of its six events, and the first and last: at most eight, one read twice.
    assert len(count) <= 10 < chunks


def test_no_flipped_byte_escapes_a_summary(tmp_path):
    data = session(tmp_path / "log.mcap", ticks=200).read_bytes()
    for place in range(8, len(data), max(len(data) // 40, 1)):
        flipped = bytearray(data)
        flipped[place] ^= 4
        (tmp_path / "bad.mcap").write_bytes(flipped)
        try:
            assert summarise(tmp_path / "bad.mcap").damage, place
        except LogError:
            continue


def test_faults_are_told(tmp_path):
    secret_log(tmp_path / "log.mcap")
    assert any(text.startswith("fault") for text in summarise(tmp_path / "log.mcap").faults)


def test_inspection_finds_each_kind_of_thing_that_is_wrong(tmp_path):
    assert inspect(session(tmp_path / "good.mcap")) == []
    with LogWriter(tmp_path / "bad.mcap", HEADER, offline=True) as log:
        for tick in range(400):
            time = tick / 100 + (5.0 if tick >= 200 else 0.0) - (2.0 if tick >= 300 else 0.0)
            temperature = [np.nan, np.nan]
            position = [0.0, np.nan if tick == 50 else 0.0]
            log.reading(reading(time, position=position, temperature=temperature))
    found = inspect(tmp_path / "bad.mcap")
    assert len(found) == 3
    assert any("from 1.990 s to 7.000 s" in line for line in found)
    assert any("time goes backwards at reading 300" in line for line in found)
    assert any("position 1 is NaN or infinite 1 times of 400, first at 0.500000 s" in line
               for line in found)


def test_inspection_tells_damage_piece_by_piece(tmp_path):
    write(tmp_path / "log.mcap", ticks=600)
    broken(tmp_path / "log.mcap")
    found = inspect(tmp_path / "log.mcap")
    assert any("is left out" in line for line in found)
    assert any("messages of /reading are missing" in line for line in found)


def test_many_findings_are_counted(tmp_path):
    with LogWriter(tmp_path / "bad.mcap", HEADER, offline=True) as log:
        for tick in range(100):
            log.reading(reading(float(tick % 2)))
    found = inspect(tmp_path / "bad.mcap")
    assert any("and 39 findings more" in line for line in found)


TOOLS = {
    "cut": lambda log, out: cut(log, out),
    "merge": lambda log, out: merge([log, log], out),
    "anonymise": lambda log, out: anonymise(log, out),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_overwrites_anything(tool, tmp_path):
    whole = session(tmp_path / "log.mcap", ticks=30)
    before = whole.read_bytes()
    for out in (whole, tmp_path / "other.txt"):
        (tmp_path / "other.txt").write_text("mine")
        with pytest.raises(LogError, match="exists already"):
            TOOLS[tool](whole, out)
    assert whole.read_bytes() == before
    assert (tmp_path / "other.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("tool", TOOLS)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tool, tmp_path, monkeypatch):
    whole = session(tmp_path / "log.mcap", ticks=400)
    written = []

    def full(disk: object, data: bytes) -> None:
        written.append(len(data))
        if len(written) > 8:
            raise OSError(28, "No space left on device")
        real(disk, data)

    real = log_disk.LogDisk.write
    monkeypatch.setattr(log_disk.LogDisk, "write", full)
    with pytest.raises(LogError, match="No space left on device; make room") as error:
        TOOLS[tool](whole, tmp_path / "new.mcap")
    assert "\n" not in str(error.value)
    assert [p.name for p in tmp_path.iterdir()] == ["log.mcap"]


def test_a_killed_tool_leaves_nothing_under_the_asked_name(tmp_path):
    code = (
        "import sys, os; from ashore.hardware.log_tools.new_log import new_log\n"
        "from ashore.hardware.logs.log import LogHeader\n"
        "with new_log(sys.argv[1], LogHeader(robot='arm')) as file:\n"
        "    file.add('/event', b'{}', (0, 0), 0); file.flush(); os._exit(9)\n"
    )
    out = tmp_path / "new.mcap"
    assert subprocess.run([sys.executable, "-c", code, out], check=False).returncode == 9
    assert not out.exists()


def test_a_name_that_is_taken_meanwhile_is_not_overwritten(tmp_path):
    with pytest.raises(LogError, match="exists already"), new_log(tmp_path / "a.mcap", HEADER):
        (tmp_path / "a.mcap").write_text("mine")
    assert (tmp_path / "a.mcap").read_text() == "mine"
    assert os.listdir(tmp_path) == ["a.mcap"]


@pytest.mark.slow
def test_memory_does_not_grow_with_a_logs_length(tmp_path):
    peaks = {}
    for ticks in (1000, 5000):
        whole = session(tmp_path / f"{ticks}.mcap", ticks=ticks)
        for name, work in {**TOOLS, "info": lambda p, _: summarise(p)}.items():
            tracemalloc.start()
            work(whole, tmp_path / f"{name}-{ticks}.mcap")
            peaks[name, ticks] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    for name in (*TOOLS, "info"):
        assert peaks[name, 5000] < 1.5 * peaks[name, 1000] + 500_000, (name, peaks)
