"""Laws of `ashore train`: it stops kindly, and goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PATIENCE = 90.0
# A shell's background processes are born deaf to Ctrl-C.
COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from ashore.launch.cli import run
sys.exit(run(sys.argv[1:]))
"""


def command(*words: str) -> subprocess.Popen[str]:
    """`ashore` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_saves_and_resume_goes_on(tmp_path):
    run = tmp_path / "run"
    words = ["train", "servo", "--steps", "400000", "--out", str(run)]
    process = command(*words)
    deadline = time.monotonic() + PATIENCE
    while not (run / "checkpoint.pt").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "stopped by Ctrl-C after" in said
    assert "go on with --resume" in said
    assert "Traceback" not in said
    assert not (run / "bundle").exists()
    again = command(*words)
    _, said = again.communicate(timeout=PATIENCE)
    assert (again.returncode, "already holds a training; add --resume" in said) == (1, True)
    going = command(*words, "--resume")
    told, said = going.communicate(timeout=PATIENCE)
    assert (going.returncode, said) == (0, "")
    assert "bundle:" in told
    assert (Path(run) / "bundle" / "bundle.json").exists()
    assert os.listdir(run / "tensorboard")
