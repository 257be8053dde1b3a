"""`drive`: open a robot where it is, drive it, log it, and let it go."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

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
from ashore.launch.place_request import Place
from ashore.policies.bundle import Bundle


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
