"""What must happen when the host's end fails: its policy, its clock, its disk, its processes.

And on real pseudo-terminals: a cable that comes back, a reader that stops, a twin that dies.
"""

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SHIPPED, SPEC, Script, at
from virtual_twin import SPEC as CHAIN
from virtual_twin import VirtualBench

import ashore.hardware
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import LogError, PortLost
from ashore.hardware.logs.log import Log, LogHeader, LogWriter, check, recover
from ashore.hardware.logs.log_disk import LogDisk
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.run.clock import Clock, LockstepClock
from ashore.hardware.run.runner import Runner, RunResult
from ashore.hardware.run.state import Exit
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

HOME = np.zeros(3)
TICKS = 40
PATIENT, HASTY = 2.0, 0.3
SLOW = pytest.mark.slow


def drive(
    bench: VirtualBench, goal: Callable[[int], object], folder: Path, queue: int = 1 << 16
) -> tuple[RunResult, Log]:
    """Run an episode of 0.8 s in virtual time, and read its log back."""
    path = folder / "run.mcap"
    with LogWriter(path, LogHeader(robot="chain"), queue_messages=queue) as log:
        robot = bench.open()
        script = Script(lambda tick, _: goal(tick), duration=TICKS / CHAIN.rate)
        script.home = HOME
        result = Runner(robot, bench.clock, log).run([script])
    return result, Log.open(path)


LATE = f"{CHAIN.safety.late_limit} control steps in a row came too late; lower the rate or the load"
BAD = f"the policy gave no finite goal {CHAIN.safety.bad_limit} times in a row"
TRIPPED = "joint left, middle, right lost its torque: its bus watchdog ran out, or it was rebooted"


def bad(ticks: range, value: object) -> Callable[[VirtualBench], Callable[[int], object]]:
    return lambda bench: lambda tick: value if tick in ticks else HOME


def slow(ticks: range, seconds: float) -> Callable[[VirtualBench], Callable[[int], object]]:
    def goals(bench: VirtualBench) -> Callable[[int], object]:
        def decide(tick: int) -> object:
            if tick in ticks:
                bench.clock.sleep_until(bench.clock.now() + seconds)
            return HOME

        return decide

    return goals


@pytest.mark.parametrize(
    ("policy", "ends", "told"),
    [
        pytest.param(bad(range(5, 7), np.nan), "finished", "not finite", id="NaN", marks=SLOW),
        pytest.param(bad(range(5, 99), np.nan), BAD, "not finite", id="NaN for ever", marks=SLOW),
        pytest.param(bad(range(5, 99), HOME[:2]), BAD, "not finite", id="wrong shape"),
        pytest.param(bad(range(5, 99), HOME + 1j), BAD, "not finite", id="wrong type", marks=SLOW),
        pytest.param(slow(range(5, 6), 0.05), "finished", "late", id="slow once"),
        pytest.param(slow(range(5, 99), 0.05), LATE, "late", id="slow for ever", marks=SLOW),
        pytest.param(slow(range(5, 6), 1.0), TRIPPED, "late", id="asleep for a second"),
    ],
)
def test_a_policy_that_fails(policy: object, ends: str, told: str, tmp_path: Path) -> None:
    spec = replace(CHAIN, rate=50.0)
    bench = VirtualBench("", tmp_path, spec)
    duration = 99 if ends == LATE else 1
    goal = policy(bench)
    path = tmp_path / "run.mcap"
    with LogWriter(path, LogHeader(robot="chain"), offline=True) as log:
        script = Script(lambda tick, _: goal(tick), duration=duration * TICKS / spec.rate)
        script.home = HOME
        result = Runner(bench.open(), bench.clock, log).run([script])
    assert result.reason == ends
    assert result.exit is (Exit.ENDED if ends == "finished" else Exit.FAULT)
    assert set(result.told) == {told}
    assert bench.torque() == [0, 0, 0]
    back = Log.open(path)
    check(back)
    assert back.damage is None
    assert np.isfinite(back.commands.position).all()
    fault = [event.text for event in back.events if event.text.startswith("fault")]
    assert fault == ([] if ends == "finished" else [f"fault: {ends}"])


def test_a_clock_that_is_set_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    steps = iter(range(1 << 30))
    monkeypatch.setattr(time, "time", lambda: 1e9 + 3600.0 * (-1) ** next(steps))
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * time.time()))
    result, log = drive(VirtualBench("", tmp_path), lambda tick: HOME, tmp_path)
    assert (result.reason, result.ticks, result.late) == ("finished", TICKS, 0)
    check(log)
    assert (np.diff(log.readings.time) > 0.0).all()


def test_the_wall_clock_is_asked_for_the_date_of_a_log_and_for_nothing_else() -> None:
    root = Path(ashore.hardware.__file__).parent
    asked = set()
    for file in (*root.rglob("*.py"), *(root.parent / "envs" / "twin").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if name in ("time.time", "time.time_ns", "time.localtime", "datetime.now"):
                asked.add((file.name, name))
    assert asked == {("log_header.py", "datetime.now"), ("log_queue.py", "time.time_ns")}


def test_a_disk_that_is_full_stops_the_log_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room, write = [60_000], LogDisk.write

    def fill(self: LogDisk, data: bytes) -> int:
        room[0] -= len(data)
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(LogDisk, "write", fill)
    bench = VirtualBench("", tmp_path)
    path = tmp_path / "run.mcap"
    log = LogWriter(path, LogHeader(robot="chain"), offline=True)
    robot = bench.open(lambda way, data: log.raw(bench.clock.now(), way, data))
    script = Script(lambda tick, _: HOME, duration=5 * TICKS / CHAIN.rate)
    script.home = HOME
    result = Runner(robot, bench.clock, log).run([script])
    assert (result.reason, result.ticks) == ("finished", 5 * TICKS)
    assert bench.torque() == [0, 0, 0]
    with pytest.raises(LogError, match=r"stopped short: .*No space left.*; make room"):
        log.close()
    room[0] = 1 << 30
    back = Log.open(path)
    assert back.damage is not None
    assert 0 < len(back.policy) < 5 * TICKS
    recover(path, tmp_path / "whole.mcap")
    whole = Log.open(tmp_path / "whole.mcap")
    assert (whole.damage, len(whole.policy)) == (None, len(back.policy))


def test_a_disk_that_is_slow_costs_messages_and_no_control_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened, add = threading.Event(), LogFile.add

    def held(self: LogFile, *arguments: object) -> None:
        opened.wait()
        add(self, *arguments)

    monkeypatch.setattr(LogFile, "add", held)
    bench = VirtualBench("", tmp_path)
    path = tmp_path / "run.mcap"
    with LogWriter(path, LogHeader(robot="chain"), queue_messages=32) as log:
        script = Script(lambda tick, _: HOME, duration=TICKS / CHAIN.rate)
        script.home = HOME
        result = Runner(bench.open(), bench.clock, log).run([script])
        opened.set()
    assert (result.reason, result.ticks, result.late) == ("finished", TICKS, 0)
    back = Log.open(path)
    assert "messages were dropped, the disk was too slow" in back.events[-1].text
    assert sum(back.events[-1].data["dropped"].values()) > TICKS


# On real pseudo-terminals, in lockstep.


class Line:
    """A served twin of the servo robot with faults, behind a link."""

    def __init__(self, faults: str, folder: Path) -> None:
        path = folder / "faults.toml"
        path.write_text(faults, encoding="utf-8")
        self.link = folder / "robot"
        config = TwinConfig(ids=SPEC.ids, rate=SPEC.rate, clock="lockstep", link=self.link)
        self.twin = Twin(config, ServoPlant(SPEC, {}), Faults.load(path, 0, SPEC))
        self.twin.open()
        self._thread = threading.Thread(target=self.twin.serve, daemon=True)
        self._thread.start()

    def open(self, clock: Clock, latency: float = PATIENT) -> SerialRobot:
        return SerialRobot.open(SPEC, str(self.link), clock, latency=latency)

    def run(self, robot: SerialRobot, clock: Clock, path: Path) -> RunResult:
        with LogWriter(path, LogHeader(robot="servo"), offline=True) as log:
            return Runner(robot, clock, log).run([Script(lambda tick, _: 0.1, duration=0.8)])

    @property
    def torque(self) -> int:
        return self.twin.firmware.servos[0].memory.get("torque_enable")

    def close(self) -> None:
        self.twin.stop()
        self._thread.join(30.0)
        assert not self._thread.is_alive()
        self.twin.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Callable[[str], Line]]:
    made: list[Line] = []

    def make(faults: str) -> Line:
        made.append(Line(faults, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["echo", "noise", "duplicate", "stranger", "late"])
def test_what_must_happen_on_a_real_line_as_well(
    line: Callable[[str], Line], tmp_path: Path, kind: str
) -> None:
    limit = "times = 1\n" if kind == "late" else ""
    one, clock = line(f'[[fault]]\nkind = "{kind}"\nbegin = 0.3\n{limit}'), LockstepClock()
    robot = one.open(clock, HASTY if kind == "late" else PATIENT)
    result = one.run(robot, clock, tmp_path / "run.mcap")
    assert (result.reason, result.ticks) == ("finished", TICKS)
    assert one.torque == 0
    log = Log.open(tmp_path / "run.mcap")
    check(log)
    # Late once: asked again within the step.
    assert (log.readings.age == 0.0).all()
    robot.close()


@pytest.mark.slow
def test_a_twin_with_a_sensor_has_its_faults_from_a_file(tmp_path: Path) -> None:
    spec, clock, path = RobotSpec.load("quadruped"), LockstepClock(), tmp_path / "faults.toml"
    period = 1.0 / spec.rate
    path.write_text(
        f"""
        [[fault]]
        kind = "flip"
        joints = ["rear_left_knee"]
        begin = {5 * period}
        end = {7 * period}
        times = 2

        [[fault]]
        kind = "imu_silent"
        begin = {10 * period}
        end = {12 * period}
        """,
        encoding="utf-8",
    )
    with TwinProcess(TwinOptions(robot="quadruped", clock="lockstep", faults=path)) as twin:
        robot = SerialRobot.open(spec, twin.port, clock, latency=1.0, imu_port=twin.imu_port)
        readings = []
        for tick in range(1, 20):
            clock.sleep_until(tick * period)
            readings.append(robot.read())
        robot.close()
    fresh = np.array([reading.fresh for reading in readings])
    # Asked again in the same step, its second reply is damaged as well.
    assert np.argwhere(~fresh)[:, 1].tolist() == [spec.names.index("rear_left_knee")]
    ages = np.array([reading.inertial.age for reading in readings]) / period
    assert ages.max() == pytest.approx(2.0)
    assert ages[-1] == 0.0


def repeat(times: int, act: Callable[[], object]) -> None:
    for _ in range(times):
        act()


def wait_for(link: Path, before: str) -> None:
    """Wait until a link leads to another place."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        if link.is_symlink() and os.readlink(link) != before:
            return
        time.sleep(0.01)
    pytest.fail("the twin was not plugged in again")


@pytest.mark.slow
@pytest.mark.parametrize("running", [False, True])
def test_a_cable_that_is_pulled_and_comes_back_elsewhere(
    line: Callable[[str], Line], tmp_path: Path, running: bool
) -> None:
    one, clock = line('[[fault]]\nkind = "unplug"\nbegin = 0.5\nend = 1.0\n'), LockstepClock()
    before, robot = os.readlink(one.link), one.open(clock)
    if running:
        result = one.run(robot, clock, tmp_path / "run.mcap")
        assert (result.exit, result.port_lost) == (Exit.PORT_LOST, True)
        assert "plug it in again" in result.reason
        log = Log.open(tmp_path / "run.mcap")
        assert log.damage is None
        assert len(log.policy) == result.ticks > 0
        assert log.events[-2].text.startswith("fault: ")
    else:
        with pytest.raises(PortLost, match="plug it in again and start anew"):
            repeat(100, robot.read)
    # A port that is still held keeps its number to itself, so the next one has another.
    wait_for(one.link, before)
    robot.close()
    again = one.open(clock)
    assert again.read().fresh.all()
    result = one.run(again, clock, tmp_path / "again.mcap")
    assert result.reason == "finished"
    assert one.torque == 0
    again.close()


@pytest.mark.slow
@pytest.mark.parametrize("running", [False, True])
def test_a_twin_that_reads_no_more_fills_its_port(
    line: Callable[[str], Line], tmp_path: Path, running: bool
) -> None:
    one, clock = line('[[fault]]\nkind = "stall"\nbegin = 0.4\n'), LockstepClock()
    robot = one.open(clock, HASTY)
    if running:
        result = one.run(robot, clock, tmp_path / "run.mcap")
        assert result.reason == "joint shoulder has not answered for 3 control steps"
        assert len(result.complaints) == 1
        log = Log.open(tmp_path / "run.mcap")
        assert log.damage is None
        assert log.events[-2].text == f"fault: {result.reason}"
    else:
        while robot.read().fresh.all():
            clock.sleep_until(clock.now() + 1.0 / SPEC.rate)
        with pytest.raises(PortLost, match="nobody takes the bytes"):
            repeat(400, lambda: robot.bus.transport.write(bytes(64)))
    robot.close()


@pytest.mark.slow
@pytest.mark.parametrize("running", [False, True])
def test_a_twin_that_is_killed_is_a_port_that_is_lost(tmp_path: Path, running: bool) -> None:
    clock = LockstepClock()
    with TwinProcess(TwinOptions(clock="lockstep")) as twin:
        robot = SerialRobot.open(SPEC, twin.port, clock)

        def kill() -> None:
            os.kill(twin.pid, signal.SIGKILL)

        if running:
            path = tmp_path / "run.mcap"
            with LogWriter(path, LogHeader(robot="servo"), offline=True) as log:
                result = Runner(robot, clock, log).run([Script(at(7, kill))])
            assert result.exit is Exit.PORT_LOST
            assert len(Log.open(path).policy) == result.ticks == 8
            assert Log.open(path).damage is None
        else:
            robot.read()
            kill()
            with pytest.raises(PortLost):
                repeat(10, robot.read)
        robot.close()


DRIVER = """
import sys
from dataclasses import replace
import numpy as np
from bench import SHIPPED, Script
from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.run.clock import LockstepClock, SystemClock
from ashore.hardware.run.heartbeat import Heartbeat
from ashore.hardware.run.runner import Runner
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec

port, path, clock = sys.argv[1], sys.argv[2], {"lockstep": LockstepClock, "real": SystemClock}
clock = clock[sys.argv[3]]()
# Patient, for a machine that is busy.
safety = replace(SHIPPED.safety, homing_time=0.2, stale_limit=200, late_limit=10_000)
spec = replace(SHIPPED, safety=safety, bus=replace(SHIPPED.bus, watchdog=0.6))

def decide(tick, reading):
    if tick == 20:
        print("running", flush=True)
    return 0.2 * np.sin(tick / 9)

robot = SerialRobot.open(spec, port, clock, latency=0.5)
packets = robot.release_packets()
with LogWriter(path, LogHeader(robot="servo")) as log:
    with Heartbeat(robot.bus.transport.fileno(), packets, 25.0) as heartbeat:
        result = Runner(robot, clock, log, heartbeat=heartbeat).run([Script(decide, 1e6)])
print(result.exit.value, result.reason, flush=True)
"""


def driver(port: str, path: Path, clock: str) -> subprocess.Popen[str]:
    """A runner in a process of its own, once it is running."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, port, str(path), clock],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n", process.communicate()
    return process


@pytest.mark.slow
def test_a_runner_that_is_killed_leaves_limp_joints_and_a_log_up_to_then(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    with TwinProcess(TwinOptions(clock="lockstep")) as twin:
        process = driver(twin.port, path, "lockstep")
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=60.0)
        assert "died; took torque off, and 1 of 1 servos answered" in said
        robot = SerialRobot.open(SHIPPED, twin.port, LockstepClock())
        assert not robot.read().torque_enabled.any()
        robot.close()
    log = Log.open(path)
    assert len(log.policy) > 20
    assert log.damage is not None
    recovered = recover(path, tmp_path / "whole.mcap")
    whole = Log.open(tmp_path / "whole.mcap")
    assert recovered.kept > 0
    assert whole.damage is None
    assert len(whole.policy) == len(log.policy)


@pytest.mark.slow
def test_a_runner_that_was_frozen_for_a_second_finds_its_watchdogs_tripped(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    with TwinProcess(TwinOptions(clock="real")) as twin:
        process = driver(twin.port, path, "real")
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(timeout=60.0)
    assert out.startswith(f"{Exit.FAULT.value} joint shoulder lost its torque: its bus watchdog")
    log = Log.open(path)
    assert log.damage is None
    assert "fault: joint shoulder lost its torque" in log.events[-2].text
