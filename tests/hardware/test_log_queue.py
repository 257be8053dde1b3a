"""Laws of writing: never wait, never lose in silence, survive a kill."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from log_samples import HEADER, opened, reading
from mcap.writer import Writer

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, LogWriter

CHILD = """
import sys, time
import numpy as np
from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.reading import Reading
log = LogWriter(sys.argv[1], LogHeader(robot="arm"))
tick = 0
while True:
    row = np.full(12, float(tick))
    log.reading(Reading(time=tick / 500, position=row, velocity=row, current=row, voltage=row,
                        temperature=row, age=row * 0, fault=np.zeros(12, np.uint8)))
    tick += 1
    sys.stdout.write(f"{tick}\\n")
    sys.stdout.flush()
    time.sleep(0.002)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_a_log_that_lacks_only_its_end(tmp_path):
    path = tmp_path / "log.mcap"
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE)
    for _ in range(600):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().split()
    child.wait()
    child.stdout.close()
    sent = max([600, *map(int, rest)])
    log = Log.open(path)
    count = len(log.readings)
    assert log.readings.position[:, 11].tolist() == list(range(count))
    # 0.2 s at 500 Hz are 100 readings; the rest is for a busy machine.
    assert sent - count < 300
    assert "closing mark" in log.damage


def test_the_header_is_on_disk_before_the_first_message(tmp_path):
    with LogWriter(tmp_path / "log.mcap", HEADER) as log:
        opened_early = (tmp_path / "log.mcap").read_bytes()
        log.reading(reading(0.0))
    assert HEADER.spec.encode() in opened_early
    with pytest.raises(LogError, match="holds no message"):
        opened(opened_early, tmp_path)


@pytest.fixture
def gate(monkeypatch) -> threading.Event:
    """Hold the disk until it is set."""
    opened_gate, add = threading.Event(), Writer.add_message

    def held(self, *arguments):
        opened_gate.wait()
        add(self, *arguments)

    monkeypatch.setattr(Writer, "add_message", held)
    return opened_gate


def test_a_full_queue_drops_counts_and_tells(tmp_path, gate):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, queue_messages=4) as log:
        for tick in range(20):
            log.reading(reading(tick / 10))
        # The queue holds 4, the thread at most one more.
        dropped = log.dropped
        assert 15 <= dropped <= 16
        gate.set()
    back = Log.open(path)
    assert len(back.readings) == 20 - dropped
    assert back.events[-1].data["dropped"] == {"/reading": dropped}
    assert back.events[-1].level == "warning"


def test_messages_dropped_in_between_show_as_a_gap(tmp_path, gate):
    path = tmp_path / "log.mcap"
    with LogWriter(path, HEADER, queue_messages=4) as log:
        for tick in range(10):
            log.reading(reading(tick / 10))
        gate.set()
        total = -1
        while total != log.dropped:
            total = log.dropped
            log.reading(reading(1.0))
    back = Log.open(path)
    assert back.readings.time[-1] == 1.0
    assert f"{total} messages of /reading are missing" in back.damage
    assert "before 1.000 s" in back.damage


def test_a_full_disk_is_told_and_what_came_before_is_readable(tmp_path):
    script = """
import resource, signal, sys
import numpy as np
from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
log = LogWriter(sys.argv[1], LogHeader(robot="arm"), offline=True)
noise = np.random.default_rng(0)
for tick in range(3000):
    log.command(tick / 100, Command(position=noise.normal(size=12)))
try:
    log.close()
except LogError as error:
    sys.stdout.write(str(error))
"""
    path = tmp_path / "log.mcap"
    said = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=True)
    assert b"stopped short" in said.stdout
    log = Log.open(path)
    assert 100 < len(log.commands) < 3000
    assert "closing mark" in log.damage


def test_a_log_never_overwrites(tmp_path):
    path = tmp_path / "log.mcap"
    path.write_text("precious")
    with pytest.raises(LogError, match="exists already"):
        LogWriter(path, HEADER)
    assert path.read_text() == "precious"
    with pytest.raises(LogError, match="cannot create"):
        LogWriter(tmp_path / "nowhere" / "log.mcap", HEADER)


def test_a_closed_log_takes_no_more(tmp_path):
    log = LogWriter(tmp_path / "log.mcap", HEADER)
    log.close()
    log.close()
    with pytest.raises(LogError, match="is closed"):
        log.event(0.0, "info", "test", "late")


def test_a_disk_that_takes_no_more_is_known_while_the_robot_runs(tmp_path, monkeypatch):
    log = LogWriter(tmp_path / "log.mcap", HEADER)
    assert log.failure is None

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log._queue._file, "flush", full)
    for _ in range(500):
        log.event(0.0, "info", "test", "still here")
        if log.failure:
            break
        time.sleep(0.01)
    assert "stopped short: [Errno 28] No space left on device; make room" in log.failure
    with pytest.raises(LogError, match="stopped short"):
        log.close()
