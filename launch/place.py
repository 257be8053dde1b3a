"""`Place`: where a robot is; `drive`: open it there, drive it, log it, and let it go."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.run.clock import Clock, LockstepClock, SystemClock
from ashore.hardware.run.robot_match import mixed_firmware, require_match
from ashore.hardware.run.run_result import RunResult
from ashore.hardware.run.runner import Controller, Runner
from ashore.hardware.run.stop_input import StopInputs
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec
from ashore.launch.attendance import attended, supervised
from ashore.launch.console import say
from ashore.policies.bundle import Bundle

ClockName = Literal["real", "lockstep"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a robot is, and who watches over it."""

    port: str
    """Serial port of the robot, such as /dev/ttyUSB0, or a twin's tty."""
    seed: int = 0
    """Seed of the commands: two sessions with one seed ask for the same."""
    clock: ClockName = "real"
    """`lockstep` for a twin that waits for its host."""
    robot: str | None = None
    """The robot's name or folder, if its spec is not the bundle's own."""
    imu_port: str | None = None
    """Serial port of the inertial sensor, for a robot that has one."""
    stop_input: tuple[str, ...] = ()
    """Buttons that stop the run: file:PATH (while it is there), udp:PORT (any datagram), gpio:N
    (its value is 1), key (any key)."""
    realtime: bool = False
    """Run under SCHED_FIFO with memory locked; refused where the system does not allow it."""
    supervise: bool = True
    """Let a process of its own take torque off if this one dies or hangs."""


def robot_at(place: Place, bundle: Bundle) -> RobotSpec:
    """Spec of the robot at a place, which the bundle's policy must have been made for.

    Raises:
        ContractError: the policy was made for another robot.
        BundleError: the policy does not say here what it said where its bundle was saved.
    """
    spec = RobotSpec.load(place.robot) if place.robot else bundle.spec
    bundle.contract.require_fit(spec)
    require_match(bundle.spec, spec)
    bundle.require_parity()
    return spec


def drive(
    place: Place,
    spec: RobotSpec,
    header: LogHeader,
    out: Path,
    episodes: Callable[[Runner], Iterable[Controller]],
) -> RunResult:
    """Open the robot at `place`, run the episodes under supervision, log them to `out`, let go.

    Raises:
        PortError: the port cannot be opened.
        BusError: the robot on it is not the spec's.
        RunError: a stop input, the supervisor or real time cannot be had.
    """
    lockstep = place.clock == "lockstep"
    clock: Clock = LockstepClock() if lockstep else SystemClock()
    held: list[LogWriter] = []

    def tap(direction: str, data: bytes) -> None:
        if held:
            held[0].raw(clock.now(), direction, data)

    with ExitStack() as stack:
        stops = stack.enter_context(StopInputs(place.stop_input))
        robot = SerialRobot.open(spec, place.port, clock, tap, imu_port=place.imu_port)
        stack.callback(robot.close)
        log = stack.enter_context(LogWriter(out, _said(header, robot, place), offline=lockstep))
        heartbeat = stack.enter_context(supervised(robot, place.supervise, lockstep))
        runner = Runner(robot, clock, log, stops=stops, heartbeat=heartbeat)
        held.append(log)
        with attended(runner, place.realtime):
            result = runner.run(episodes(runner))
        held.clear()
    return result


def _said(header: LogHeader, robot: SerialRobot, place: Place) -> LogHeader:
    """The header with where and how; mixed firmware is said aloud as well."""
    firmware = {line.joint.name: line.firmware for line in robot.lines}
    if warning := mixed_firmware(robot.spec, firmware):
        say(warning)
    setup: dict[str, object] = {
        **header.setup,
        "seed": place.seed,
        "port": place.port,
        "firmware": firmware,
        "supervise": place.supervise,
        "realtime": place.realtime,
        "stop_input": list(place.stop_input),
    }
    return replace(header, setup=setup)
