"""Laws of the stop inputs: pressed once is pressed for good, and what can't be read is pressed."""

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bench import Bench, Script, at

from ashore.hardware.errors import RunError
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.runner import Runner, RunResult, State
from ashore.hardware.run.state import Exit
from ashore.hardware.run.stop_input import StopInputs


def run(bench: Bench, folder: Path, stops: StopInputs, *episodes: Script) -> RunResult:
    robot = bench.open()
    with LogWriter(folder / "run.mcap", LogHeader(robot="servo")) as log:
        result = Runner(robot, bench.clock, log, stops=stops).run(episodes)
    robot.close()
    return result


def test_a_file_that_appears_stops_the_run_at_the_next_step(bench: Bench, tmp_path: Path) -> None:
    button = tmp_path / "estop"
    with StopInputs([f"file:{button}"]) as stops:
        result = run(bench, tmp_path, stops, Script(at(5, button.touch)), Script(at(0, list)))
        assert result.reason == f"stop input file:{button}: {button} is there"
        assert (result.state, result.ticks, result.exit) == (State.LIMP, 6, Exit.STOPPED)
        assert bench.memory.get("torque_enable") == 0
        # Taken away again, it stays pressed.
        button.unlink()
        assert stops.poll() == result.reason


def test_a_button_that_is_pressed_lets_no_torque_come(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "estop").touch()
    with StopInputs([f"file:{tmp_path / 'estop'}"]) as stops:
        result = run(bench, tmp_path, stops, Script(at(0, lambda: pytest.fail("it moved"))))
    assert (result.state, result.ticks, result.exit) == (State.LIMP, 0, Exit.STOPPED)
    states = [e.text for e in Log.open(tmp_path / "run.mcap").events if e.kind == "state"]
    assert states == ["limp", "limp"]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("datagram", [b"stop", b"", b"\x00" * 9000])
def test_any_datagram_stops(datagram: bytes) -> None:
    port = free_port()
    with StopInputs([f"udp:{port}"]) as stops:
        assert stops.poll() == ""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram, ("127.0.0.1", port))
        assert stops.poll() == f"stop input udp:{port}: a datagram came from 127.0.0.1"
        with pytest.raises(RunError, match="cannot listen there: Address already in use"):
            StopInputs([f"udp:{port}"])
    # It is let go of, also by the one that could not be whole.
    with pytest.raises(RunError, match="no stop input"):
        StopInputs([f"udp:{port}", "nonsense"])
    StopInputs([f"udp:{port}"]).close()


@pytest.mark.parametrize(
    ("suffix", "rest", "pressed"), [("", "0", "1"), (":1", "0", "1"), (":0", "1", "0")]
)
def test_a_gpio_line_stops_at_its_level(
    tmp_path: Path, suffix: str, rest: str, pressed: str
) -> None:
    value = tmp_path / "value"
    value.write_text(f"{rest}\n")
    with StopInputs([f"gpio:{value}{suffix}"]) as stops:
        assert stops.poll() == ""
        value.write_text(f"{pressed}\n")
        assert stops.poll() == f"stop input gpio:{value}{suffix}: {value} is {pressed}"


def test_a_line_that_cannot_be_read_any_more_is_pressed(tmp_path: Path) -> None:
    value = tmp_path / "value"
    for ruin, words in (
        (value.unlink, "cannot be read: No such file"),
        (lambda: value.write_text("in"), "holds 'in', not 0 or 1"),
    ):
        value.write_text("0\n")
        with StopInputs([f"gpio:{value}"]) as stops:
            assert stops.poll() == ""
            ruin()
            assert words in stops.poll()
    long = tmp_path / ("x" * 300)
    with StopInputs([f"file:{long}"]) as stops:
        assert "cannot be looked for: File name too long" in stops.poll()


KEYS = """
import termios
from ashore.hardware.run.stop_input import StopInputs
was = termios.tcgetattr(0)
with StopInputs(["key"]) as stops:
    print("before", repr(stops.poll()), flush=True)
    while not stops.poll():
        pass
    print("after", stops.reason, flush=True)
assert termios.tcgetattr(0) == was
"""


def test_any_key_stops_without_enter_and_the_terminal_is_left_as_it_was() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", KEYS])
    said = b""
    while b"before ''" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, b"x")
    while b"a key was pressed" not in said:
        said += os.read(terminal, 4096)
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)


def test_without_a_terminal_no_key_can_be_waited_for() -> None:
    code = "from ashore.hardware.run.stop_input import StopInputs; StopInputs(['key'])"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert "RunError: stop input key: no terminal is in front of this process" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("button", "no stop input 'button'; possible: file:PATH, udp:PORT, gpio:NUMBER"),
        ("", "no stop input ''"),
        ("file:", "there is no folder"),
        ("file:/nowhere/estop", "there is no folder /nowhere, so the file could never appear"),
        ("udp:", "a port from 1 to 65535 is needed"),
        ("udp:70000", "a port from 1 to 65535"),
        ("udp:²", "a port from 1 to 65535"),
        ("gpio:4000", r"`echo 4000 > /sys/class/gpio/export` makes it"),
        ("gpio:/nowhere:2", "pressed is 0 or 1, not '2'"),
        ("gpio:/nowhere", "cannot be read: No such file"),
        ("key:q", "it is any key; say just key"),
    ],
)
def test_a_button_that_cannot_be_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        StopInputs([text])
