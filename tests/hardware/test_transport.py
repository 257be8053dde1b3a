"""Laws of the port: every oddity of pyserial becomes one of two errors, with words that help."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from scripted_line import ScriptedLine

from ashore.hardware.errors import PortError, PortLost
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.transport import SerialTransport

PONG = dynamixel.status(1, 0, b"\xb0\x04\x34")


@pytest.fixture
def line() -> Iterator[ScriptedLine]:
    line = ScriptedLine(lambda frame: PONG)
    yield line
    if line._open:
        line.unplug()


def test_bytes_go_both_ways_and_the_tap_sees_them_all(line: ScriptedLine) -> None:
    seen: list[tuple[str, bytes]] = []
    with SerialTransport(line.port, tap=lambda way, data: seen.append((way, data))) as wire:
        wire.write(dynamixel.ping(1))
        assert wire.read(len(PONG), 5.0) == PONG
    assert seen == [("tx", dynamixel.ping(1)), ("rx", PONG)]


def test_silence_returns_what_there_is(line: ScriptedLine) -> None:
    with SerialTransport(line.port) as wire:
        assert wire.read(10, 0.01) == b""
        line.say(b"abc")
        assert wire.read(10, 0.2) == b"abc"


def test_draining_leaves_nothing_of_what_was_said(line: ScriptedLine) -> None:
    with SerialTransport(line.port) as wire:
        line.say(b"x" * 5000)
        assert wire.drain(0.2) == b"x" * 5000
        assert wire.read(1, 0.0) == b""


def test_an_unplugged_port_is_lost_when_read(line: ScriptedLine) -> None:
    wire = SerialTransport(line.port)
    line.unplug()
    with pytest.raises(PortLost, match=line.port):
        wire.read(1, 1.0)
    wire.close()


def test_an_unplugged_port_is_lost_when_written_or_drained(line: ScriptedLine) -> None:
    wire = SerialTransport(line.port)
    line.unplug()
    with pytest.raises(PortLost):
        wire.write(PONG)
    with pytest.raises(PortLost):
        wire.drain(0.01)


def test_a_closed_port_is_lost_and_closing_twice_is_allowed(line: ScriptedLine) -> None:
    wire = SerialTransport(line.port)
    wire.close()
    wire.close()
    with pytest.raises(PortLost):
        wire.read(1, 0.0)
    with pytest.raises(PortLost):
        wire.write(b"x")


@pytest.mark.slow
def test_a_far_end_that_takes_nothing_is_lost_and_not_waited_for_for_ever() -> None:
    master, slave = os.openpty()
    try:
        wire = SerialTransport(os.ttyname(slave))
        with pytest.raises(PortLost):
            wire.write(b"x" * 100_000)
        wire.close()
    finally:
        os.close(master)
        os.close(slave)


def test_a_busy_port_says_who_holds_it(line: ScriptedLine) -> None:
    with (
        SerialTransport(line.port),
        pytest.raises(PortError, match=rf"busy, held by process {os.getpid()} "),
    ):
        SerialTransport(line.port)


def test_a_busy_port_is_busy_under_another_name(line: ScriptedLine, tmp_path: Path) -> None:
    (tmp_path / "robot").symlink_to(line.port)
    with SerialTransport(line.port), pytest.raises(PortError, match="busy"):
        SerialTransport(str(tmp_path / "robot"))


def test_an_absent_port_is_answered_with_the_ports_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(PortError, match=r"No such file or directory.*plugged in here|ports here"):
        SerialTransport("/dev/ttyUSB77")
    found = [type("Port", (), {"device": "/dev/ttyACM3"})]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    with pytest.raises(PortError, match="ports here: /dev/ttyACM3"):
        SerialTransport("/dev/ttyUSB77")


@pytest.mark.parametrize("path", ["/dev/null", "/etc/hostname", "/tmp"])
def test_what_is_no_serial_port_is_called_that(path: str) -> None:
    with pytest.raises(PortError, match=r"not a (working )?serial port"):
        SerialTransport(path)


def test_a_forbidden_port_names_the_command_that_mends_it(
    line: ScriptedLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(13, "could not open port: Permission denied")

    monkeypatch.setattr("serial.serial_for_url", refuse)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PortError, match="usermod -aG dialout"):
        SerialTransport(line.port)


@pytest.mark.parametrize("url", ["nonsense://x", "socket://127.0.0.1:1"])
def test_urls_that_lead_nowhere_are_port_errors(url: str) -> None:
    with pytest.raises(PortError, match="cannot open"):
        SerialTransport(url)


def test_a_loop_url_opens() -> None:
    with SerialTransport("loop://") as wire:
        wire.write(b"abc")
        assert wire.read(3, 1.0) == b"abc"


def test_a_port_has_a_descriptor_until_it_is_closed_and_a_url_has_none(line: ScriptedLine) -> None:
    wire = SerialTransport(line.port)
    assert os.ttyname(wire.fileno()) == line.port
    wire.close()
    assert wire.fileno() is None
    with SerialTransport("loop://") as loop:
        assert loop.fileno() is None
