"""A session ends well however it ends: at Ctrl-C, and when the robot is unplugged."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from bench import SHIPPED, small_bundle

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport

pytestmark = pytest.mark.slow

PATIENCE = 90.0
# A busy machine may let the twin wait longer than a robot ever would.
SLOW = replace(
    SHIPPED,
    bus=replace(SHIPPED.bus, latency=0.5, watchdog=2.0),
    safety=replace(SHIPPED.safety, stale_limit=50, heartbeat=20.0),
)


def start(
    port: str, folder: Path, *options: str, robot: RobotSpec = SLOW
) -> tuple[subprocess.Popen[str], Path]:
    """`ashore record` on a real-time twin, once it is running an episode."""
    bundle = replace(small_bundle(), robot=robot)
    return start_policy(str(bundle.save(folder / "policy")), port, folder, *options)


def start_policy(
    policy: str, port: str, folder: Path, *options: str
) -> tuple[subprocess.Popen[str], Path]:
    log = folder / "run.mcap"
    command = [sys.executable, "-m", "ashore.launch.cli", "record", "--policy", policy]
    command += ["--port", port, "--out", str(log), "--episodes", "20", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(LogError):
            if len(Log.open(log).policy) > 10:
                return process, log
        time.sleep(0.2)
    process.kill()
    pytest.fail(f"no episode began: {process.communicate()}")


@pytest.fixture
def twin():
    """A twin in real time, in a process of its own."""
    with TwinProcess(TwinOptions(robot="servo", hidden="3", clock="real")) as twin:
        yield twin


def test_ctrl_c_ends_a_run_with_limp_joints_and_a_whole_log(twin, tmp_path):
    process, path = start(twin.port, tmp_path)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Ctrl-C" in out
    log = Log.open(path)
    assert log.damage is None
    assert [e.text for e in log.events if e.kind == "state"][-1] == "limp"
    assert torque(twin.port) == 0


def torque(path: str) -> int:
    """The torque register of a twin's servo."""
    with SerialTransport(path) as port:
        register = ControlTable.load("xl330")["torque_enable"]
        return register.decode(Bus(port, BusConfig(latency=1.0)).read(1, register).data)


def test_kill_9_leaves_limp_joints_and_a_readable_log(twin, tmp_path):
    # Without a bus watchdog, so that only the supervisor can have done it.
    robot = replace(SLOW, bus=replace(SLOW.bus, watchdog=0.0))
    process, path = start(twin.port, tmp_path, robot=robot)
    process.kill()
    # Standard error ends when the supervisor has.
    out, errors = process.communicate(timeout=PATIENCE)
    assert torque(twin.port) == 0
    assert f"the process that drove the robot ({process.pid}) died; took torque off" in errors
    assert "these servos have no watchdog: the supervisor alone" in out
    assert len(Log.open(path).policy) > 10


@pytest.mark.parametrize(("robot", "servos"), [("arm", 6), ("quadruped", 12)])
def test_kill_9_leaves_every_joint_limp_whatever_its_servos_speak(tmp_path, robot, servos):
    with TwinProcess(TwinOptions(robot=robot, clock="lockstep")) as twin:
        imu = ["--imu-port", twin.imu_port] if twin.imu_port else []
        process, _ = start_policy(robot, twin.port, tmp_path, "--clock", "lockstep", *imu)
        process.kill()
        _, errors = process.communicate(timeout=PATIENCE)
        assert f"died; took torque off, and {servos} of {servos} servos answered" in errors
        clock, spec = LockstepClock(), RobotSpec.load(robot)
        body = SerialRobot.open(spec, twin.port, clock, imu_port=twin.imu_port)
        assert body.read().torque_enabled.tolist() == [False] * servos
        body.close()


def test_a_stop_input_ends_a_run_and_is_named(twin, tmp_path):
    button = tmp_path / "estop"
    process, path = start(twin.port, tmp_path, "--stop-input", f"file:{button}", "udp:50907")
    button.touch()
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"stopped: stop input file:{button}: {button} is there; the joints are limp" in out
    assert torque(twin.port) == 0
    setup = Log.open(path).header.setup
    assert setup["stop_input"] == [f"file:{button}", "udp:50907"]
    assert setup["firmware"] == {"shoulder": 52}
    assert (setup["supervise"], setup["realtime"]) == (True, False)


def test_unplugging_ends_a_run_with_a_sentence_and_a_readable_log(twin, tmp_path):
    process, path = start(twin.port, tmp_path)
    twin.kill()
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "plug it in again" in out
    log = Log.open(path)
    assert log.damage is None
    assert len(log.policy) > 10
    assert log.events[-2].text.startswith("fault: ")
