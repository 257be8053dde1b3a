"""Laws of the supervisor: who was under torque is limp after the runner, however that ended."""

import ast
import os
import pty
import signal
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import serial
from bench import SPEC, Bench

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import RunError
from ashore.hardware.run import supervisor
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.heartbeat import LONGEST, Heartbeat
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel, feetech

pytestmark = pytest.mark.slow

TORQUE = ControlTable.load("xl330")["torque_enable"]
OFF = dynamixel.write(1, TORQUE.address, b"\x00")
PACKETS = [dynamixel.sync_write({1: b"\x00"}, TORQUE.address), OFF]


@contextmanager
def descriptor(path: str) -> Iterator[int]:
    """The port of a twin, as a driver holds it."""
    with serial.Serial(path, SPEC.bus.baud) as port:
        yield port.fileno()


@contextmanager
def heart(bench: Bench, limit: float = LONGEST) -> Iterator[Heartbeat]:
    """A supervisor beside a robot that is under torque."""
    bench.memory.put("torque_enable", 1)
    with descriptor(bench.port) as port, Heartbeat(port, PACKETS, limit) as heartbeat:
        yield heartbeat


def torque(bench: Bench) -> int:
    return int(bench.memory.get("torque_enable"))


def test_a_pipe_that_ends_takes_torque_off(bench: Bench, capfd: pytest.CaptureFixture) -> None:
    with heart(bench) as heartbeat:
        heartbeat.beat()
        heartbeat.close()
        assert torque(bench) == 0
    said = capfd.readouterr().err
    assert said == (
        f"ashore supervisor: the process that drove the robot ({os.getpid()}) died; "
        "took torque off, and 1 of 1 servos answered\n"
    )


def test_silence_takes_torque_off_and_the_runner_hears_of_it(
    bench: Bench, capfd: pytest.CaptureFixture
) -> None:
    with heart(bench, limit=0.1) as heartbeat:
        heartbeat.beat()
        heartbeat._process.wait(30.0)
        assert torque(bench) == 0
        with pytest.raises(RunError, match=r"the supervisor is gone \(Broken pipe\)"):
            heartbeat.beat()
        heartbeat.rest()
    assert "said nothing for too long; took torque off" in capfd.readouterr().err


def test_a_runner_that_said_its_joints_are_limp_is_left_alone(
    bench: Bench, capfd: pytest.CaptureFixture
) -> None:
    with heart(bench) as heartbeat:
        heartbeat.beat()
        heartbeat.rest()
        heartbeat.close()
        assert heartbeat._process.returncode == 0
        assert torque(bench) == 1
    # Nor is one watched that has not begun.
    with heart(bench) as heartbeat:
        heartbeat.close()
    assert torque(bench) == 1
    assert capfd.readouterr().err == ""


def test_a_beat_may_ask_for_more_patience_and_the_next_one_for_less(bench: Bench) -> None:
    read, write = os.pipe()
    os.write(write, bytes([250, 1]))
    assert supervisor.watch(read) == "said nothing for too long"
    os.write(write, bytes([250, 0]))
    os.close(write)
    assert supervisor.watch(read) == ""
    os.close(read)


def test_no_signal_ends_the_supervisor_before_its_work(
    bench: Bench, capfd: pytest.CaptureFixture
) -> None:
    with heart(bench) as heartbeat:
        heartbeat.beat()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(heartbeat.pid, number)
        assert os.getsid(heartbeat.pid) == heartbeat.pid
        heartbeat.close()
        assert torque(bench) == 0
    assert "died" in capfd.readouterr().err


def test_a_supervisor_that_was_killed_ends_the_run_that_it_watched(bench: Bench) -> None:
    with heart(bench) as heartbeat:
        heartbeat.beat()
        heartbeat._process.kill()
        heartbeat._process.wait()
        with pytest.raises(RunError, match="nobody would take torque off"):
            heartbeat.beat()


@contextmanager
def line(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A port whose other end says `answer(packet)`."""
    master, slave = pty.openpty()
    tty.setraw(slave)

    def serve() -> None:
        try:
            while data := os.read(master, 4096):
                os.write(master, answer(data))
        except OSError:
            return

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield slave
    os.close(slave)
    thread.join(30.0)
    os.close(master)


def status(data: bytes) -> bytes:
    return dynamixel.status(1) if data.endswith(OFF) else b""


@pytest.mark.parametrize(
    ("answer", "answered"),
    [
        (status, 1),
        (lambda data: b"", 0),
        # An adapter that hears itself, alone and with a servo.
        (lambda data: data, 0),
        (lambda data: data + status(data), 1),
        (lambda data: b"\x00\xff\xff" + status(data), 1),
        (lambda data: dynamixel.status(2), 0),
    ],
)
def test_only_a_servos_own_reply_counts(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[bytes], bytes], answered: int
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.1)
    with line(answer) as port:
        assert supervisor.release(port, PACKETS) == (answered, 1)


def test_feetech_servos_are_understood_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.1)
    packets = [feetech.sync_write({1: b"\x00", 2: b"\x00"}, 40)]
    packets += [feetech.write(servo, 40, b"\x00") for servo in (1, 2)]
    reply = b"\xff\xff\x02\x02\x00\xfb"
    with line(lambda data: reply if data[2] == 2 else b"") as port:
        assert supervisor.release(port, packets) == (1, 2)


def test_a_port_that_is_gone_is_said_and_never_waited_for() -> None:
    master, slave = pty.openpty()
    os.close(master)
    read, write = os.pipe()
    os.write(write, b"\x01")
    os.close(write)
    orders = supervisor.Orders(port=slave, heart=read, runner=7, packets=PACKETS)
    said = supervisor.supervise(orders)
    assert said.startswith("ashore supervisor: the process that drove the robot (7) died; torque")
    assert "may still be on: its port is gone" in said
    os.close(slave)
    os.close(read)


def test_the_supervisor_is_small_and_on_the_standard_library_alone() -> None:
    text = Path(supervisor.__file__).read_text(encoding="utf-8")
    names = set()
    for node in ast.walk(ast.parse(text)):
        names |= {a.name for a in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    assert names <= sys.stdlib_module_names
    assert len(text.splitlines()) < 150


DRIVER = """
import sys
from contextlib import nullcontext
import numpy as np
from bench import SPEC, Script
from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.heartbeat import Heartbeat
from ashore.hardware.run.runner import Runner
from ashore.hardware.serial_robot import SerialRobot
from test_supervisor import PACKETS

port, log, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])

def decide(tick, reading):
    if tick == 10:
        print("torque", int(reading.torque_enabled.all()), flush=True)
    return 0.2 * np.sin(tick / 9)

clock = LockstepClock()
robot = SerialRobot.open(SPEC, port, clock)
with LogWriter(log, LogHeader(robot="servo")) as log:
    tty = robot.bus.transport.fileno()
    with Heartbeat(tty, PACKETS, limit) if limit else nullcontext() as heartbeat:
        Runner(robot, clock, log, heartbeat=heartbeat).run([Script(decide, 1e6)])
"""


def torque_after(end: Callable[[subprocess.Popen], object], limit: float, folder: Path) -> int:
    """Drive a twin in a process of its own, `end` that, and read the twin's torque register."""
    with TwinProcess(TwinOptions(clock="lockstep")) as twin:
        arguments = [twin.port, str(folder / "run.mcap"), str(limit)]
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert driver.stdout is not None
        line = driver.stdout.readline()
        assert line == "torque 1\n", driver.communicate()
        end(driver)
        driver.communicate(timeout=60.0)
        robot = SerialRobot(SPEC, SerialRobot.open(SPEC, twin.port, LockstepClock()).bus, None)
        torque = robot.lines[0].get("torque_enable")
        robot.close()
    return int(torque)


def kill(driver: subprocess.Popen) -> None:
    driver.send_signal(signal.SIGKILL)


def freeze(driver: subprocess.Popen) -> None:
    driver.send_signal(signal.SIGSTOP)
    assert driver.stderr is not None
    # Only the supervisor still says anything.
    assert "said nothing for too long; took torque off" in driver.stderr.readline()
    kill(driver)


@pytest.mark.slow
def test_a_runner_that_is_killed_leaves_a_limp_robot(tmp_path: Path) -> None:
    assert torque_after(kill, LONGEST, tmp_path) == 0


@pytest.mark.slow
def test_a_runner_that_hangs_leaves_a_limp_robot(tmp_path: Path) -> None:
    assert torque_after(freeze, 1.0, tmp_path) == 0


@pytest.mark.slow
def test_without_a_supervisor_a_killed_runner_leaves_torque_on(tmp_path: Path) -> None:
    # What makes the two laws above worth something: in lockstep no watchdog's time passes.
    assert torque_after(kill, 0.0, tmp_path) == 1
