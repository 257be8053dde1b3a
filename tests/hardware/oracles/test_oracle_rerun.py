"""Rerun's own program opens a log, and a recording that was exported from one."""

import re
import subprocess

import pytest
from log_samples import episodes
from oracle import PLACE, needs, visit

PROGRAM = PLACE / "rerun-sdk" / "rerun_cli" / "rerun"


def rerun(*arguments: object) -> str:
    """What Rerun's program says of a file that is well."""
    command = [str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def log(tmp_path):
    return episodes(tmp_path / "log.mcap")


@needs("rerun-sdk")
def test_rerun_finds_a_log_well_and_its_channels_with_their_schemas(log) -> None:
    assert re.findall(r"^(\w+) .*(/\w+)", rerun("mcap", "check", log), re.MULTILINE) == [
        ("ok", "/reading"),
        ("ok", "/command"),
        ("ok", "/event"),
    ]
    said = rerun("mcap", "info", log)
    assert re.search(r"Library +ashore\n", said)
    assert re.search(r"/reading +12 .*ashore\.Reading +jsonschema / json", said)


@needs("rerun-sdk")
def test_a_recording_has_each_number_under_its_name_at_the_robots_time(log, tmp_path) -> None:
    assert visit("rerun_export", str(log), "rerun-sdk") is None
    recording = tmp_path / "log.rrd"
    assert "verified without error" in rerun("rrd", "verify", recording)
    chunks = rerun("rrd", "print", "-v", recording)
    rows = {path: int(count) for count, path in re.findall(r"with (\d+) rows .*? - (/\S+)", chunks)}
    assert rows["/reading/position/hip"] == rows["/reading/temperature/knee"] == 12
    assert rows["/command/position/knee"] == 10
    assert rows["/event/state"] == 4
    said = rerun("rrd", "print", "-vvv", "--entity", "/command/position/knee", recording)
    table = re.findall(r"PT([\d.]+)S +\S +\[([\d.]+)\]", said)
    # Five goals an episode, 20 ms apart, each 1 ms behind its reading.
    times = [begin + 0.001 + tick / 50 for begin in (2, 12) for tick in range(5)]
    assert [float(time) for time, _ in table] == [round(time, 3) for time in times]
    assert [float(goal) for _, goal in table] == [0, 1, 2, 3, 4, 1, 2, 3, 4, 5]
    said = rerun("rrd", "print", "-vvv", "--entity", "/event/state", recording)
    assert re.findall(r"PT([\d.]+)S .*\[INFO\].*\[(\w+)\]", said) == [
        ("2", "running"),
        ("5", "limp"),
        ("12", "running"),
        ("15", "limp"),
    ]
