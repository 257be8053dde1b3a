"""Laws of recovery: a killed recorder costs its last 0.2 s, and `ashore recover` says so."""

import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SHIPPED, small_bundle
from refusal import refused

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.logs.log_queue import CHUNK_SECONDS
from ashore.hardware.reading import Command
from ashore.launch.cli import run

NOTED = """
import os, sys, time
from ashore.hardware.logs.log_queue import LogQueue
stamps = LogQueue._stamps
def noted(queue, robot_time):
    both = stamps(queue, robot_time)
    os.write(1, b"stamp %d %d\\n" % both)
    return both
LogQueue._stamps = noted
"""
"""A process that notes when each message was handed to the log, before anything can be lost."""

WRITER = """
import numpy as np
from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.reading import Command
log = LogWriter(sys.argv[1], LogHeader(robot="arm"))
began, noise = time.monotonic(), np.random.default_rng(0)
while True:
    log.command(time.monotonic() - began, Command(position=noise.normal(size=12)))
    time.sleep(0.002)
"""

RECORD = """
from ashore.launch.cli import main
sys.argv[0] = "ashore"
main()
"""

# The robot may wait for a busy machine; nothing of that is the log's.
PATIENT = replace(
    SHIPPED,
    bus=replace(SHIPPED.bus, latency=0.5, watchdog=2.0),
    safety=replace(SHIPPED.safety, stale_limit=50),
)


def log_of(path: Path, ticks: int = 1200) -> bytes:
    with LogWriter(path, LogHeader(robot="arm"), offline=True) as log:
        noise = np.random.default_rng(0)
        for tick in range(ticks):
            log.command(tick / 100, Command(position=noise.normal(size=30)))
    return path.read_bytes()


def recovered(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[str, Log]:
    out = path.with_name(f"{path.stem}-new.mcap")
    assert run(["recover", str(path), "--out", str(out)]) == 0
    return capsys.readouterr().out, Log.open(out)


def test_a_whole_log_loses_nothing(capsys, tmp_path):
    log_of(tmp_path / "log.mcap")
    said, new = recovered(capsys, tmp_path / "log.mcap")
    # 1200 commands and the closing event.
    assert "kept: 1201 messages, from 0.000 s to 11.990 s" in said
    assert "lost at the end: nothing" in said
    assert "gap" not in said
    assert new.damage is None


def test_what_a_cut_took_is_said_in_bytes_and_seconds(capsys, tmp_path):
    whole = log_of(tmp_path / "whole.mcap")
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) * 3 // 4])
    said, new = recovered(capsys, tmp_path / "cut.mcap")
    end = new.commands.time[-1]
    assert f"to {end:.3f} s" in said
    missed = float(re.search(r"by their size about ([\d.]+) s", said)[1])
    # The cut is at three quarters of the bytes, so near three quarters of the 12 s.
    assert end + missed == pytest.approx(9.0, abs=0.5)
    assert "unknown if the file itself was cut" in said
    assert new.damage is None


def test_a_gap_is_said_with_its_topic_and_times(capsys, tmp_path):
    whole = bytearray(log_of(tmp_path / "whole.mcap"))
    whole[len(whole) // 2] ^= 1
    (tmp_path / "bad.mcap").write_bytes(whole)
    said, new = recovered(capsys, tmp_path / "bad.mcap")
    count, begin, end = re.search(
        r"gap: (\d+) messages of /command from ([\d.]+) s to ([\d.]+) s", said
    ).groups()
    assert int(count) == 1200 - len(new.commands)
    assert float(end) - float(begin) == pytest.approx((int(count) + 1) / 100)
    assert f"lost in between: {count} messages" in said
    assert "are missing" in new.damage


def test_what_cannot_be_recovered_is_refused_and_nothing_is_written(capsys, tmp_path):
    log_of(tmp_path / "log.mcap")
    (tmp_path / "text.mcap").write_text("time,position\n0,1\n")
    for name, words in (("text", "not an MCAP file"), ("none", "No such file")):
        said = refused(capsys, "recover", tmp_path / f"{name}.mcap", "--out", tmp_path / "new.mcap")
        assert words in said
    assert not (tmp_path / "new.mcap").exists()
    said = refused(capsys, "recover", tmp_path / "log.mcap", "--out", tmp_path / "log.mcap")
    assert "exists already" in said


class Killed:
    """A recording process that is killed `seconds` of the log's own time after it began."""

    def __init__(self, script: str, path: Path, *arguments: object, seconds: float) -> None:
        command = [sys.executable, "-c", NOTED + script, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.stamps: list[tuple[int, int]] = []
        while not self.stamps or self.stamps[-1][0] - self.stamps[0][0] < seconds * 1e9:
            line = process.stdout.readline()
            assert line, "the recording ended by itself"
            self._note(line)
        process.kill()
        for line in process.stdout.read().splitlines(keepends=True):
            self._note(line)
        process.stdout.close()
        process.wait()
        self.path = path

    def _note(self, line: bytes) -> None:
        if line.startswith(b"stamp ") and line.endswith(b"\n"):
            host, robot = map(int, line.split()[1:])
            self.stamps.append((host, robot))

    def check(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing but the last 0.2 s is lost, and recovery says how much was kept."""
        said, new = recovered(capsys, self.path)
        kept = int(re.search(r"kept: (\d+) messages", said)[1])
        host = [stamp for stamp, _ in self.stamps]
        # A machine that is too busy to run one thread is too busy to run another: so long as the
        # process itself made a message wait, so long may the disk have waited.
        stalled = max(np.diff(host)) / 1e9
        assert (
            host[-1] - host[min(kept, len(host)) - 1]
        ) / 1e9 <= CHUNK_SECONDS + 2 * stalled + 0.05
        assert new.damage is None
        assert f"up to {CHUNK_SECONDS} s" in said
        assert "lost in between" not in said
        assert new.events[-1].text.startswith("recovered")


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_loses_its_last_0_2_s_at_most(capsys, tmp_path):
    generator = random.Random(7)
    for index in range(6):
        path = tmp_path / f"{index}.mcap"
        Killed(WRITER, path, path, seconds=generator.uniform(0.3, 1.0)).check(capsys)


@pytest.mark.slow
def test_a_session_killed_at_any_moment_loses_its_last_0_2_s_at_most(capsys, tmp_path):
    generator = random.Random(11)
    policy = replace(small_bundle(), robot=PATIENT).save(tmp_path / "policy")
    for index in range(2):
        path = tmp_path / f"{index}.mcap"
        with TwinProcess(TwinOptions(robot="servo", hidden="3", clock="real")) as twin:
            asked = ["record", "--policy", policy, "--port", twin.port, "--out", path]
            Killed(RECORD, path, *asked, seconds=generator.uniform(1.0, 4.0)).check(capsys)
