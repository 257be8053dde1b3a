"""One session on a robot: open it, drive episodes, log them, and let it go."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import measured_episodes
from ashore.envs.dice import Dice
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Array, Task
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.clock import Clock, LockstepClock, SystemClock
from ashore.hardware.run.robot_match import mixed_firmware, require_match
from ashore.hardware.run.run_result import FINISHED, RunResult
from ashore.hardware.run.runner import Runner
from ashore.hardware.run.state import Exit, State
from ashore.hardware.run.stop_input import StopInputs
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec
from ashore.launch.attendance import attended, supervised
from ashore.launch.console import complain, say
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController

EXIT_FAULT = Exit.FAULT
EXIT_PORT_LOST = Exit.PORT_LOST
EXIT_STOPPED = Exit.STOPPED

ClockName = Literal["real", "lockstep"]


@dataclass(frozen=True, kw_only=True)
class SessionConfig:
    """Where a session takes place and how long it lasts; `record` and `deploy` take these."""

    port: str
    """Serial port of the robot, such as /dev/ttyUSB0, or a twin's tty."""
    out: Path | None = None
    """Log to write; default: runs/ROBOT-KIND-TIME.mcap."""
    episodes: int = 5
    """Episodes to run, each with commands of its own."""
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


@dataclass(frozen=True, kw_only=True)
class Session:
    """What came of a session."""

    result: RunResult
    """How the run ended."""
    rewards: tuple[float, ...]
    """Mean reward per step of each episode, as the log shows it."""
    log: Path
    """The log."""


def run_session(bundle: Bundle, config: SessionConfig, kind: str) -> Session:
    """Drive a robot with a bundle's policy, and log it.

    Raises:
        ContractError: the policy was made for another robot.
        PortError: the port cannot be opened.
        BusError: the robot on it is not the spec's.
        RunError: a stop input, the supervisor or real time cannot be had.
    """
    spec = RobotSpec.load(config.robot) if config.robot else bundle.spec
    bundle.contract.require_fit(spec)
    require_match(bundle.spec, spec)
    task = make_task(bundle.contract.task, spec)
    lockstep = config.clock == "lockstep"
    clock: Clock = LockstepClock() if lockstep else SystemClock()
    plans = task.plan(Dice(config.seed, config.episodes, purpose="plan"))
    out = config.out or _default_log(spec.name, kind)
    out.parent.mkdir(parents=True, exist_ok=True)
    held: list[LogWriter] = []

    def tap(direction: str, data: bytes) -> None:
        if held:
            held[0].raw(clock.now(), direction, data)

    with ExitStack() as stack:
        stops = stack.enter_context(StopInputs(config.stop_input))
        robot = SerialRobot.open(spec, config.port, clock, tap, imu_port=config.imu_port)
        stack.callback(robot.close)
        log = stack.enter_context(
            LogWriter(out, _header(bundle, robot, config, kind), offline=lockstep)
        )
        heartbeat = stack.enter_context(supervised(robot, config.supervise, lockstep))
        runner = Runner(robot, clock, log, stops=stops, heartbeat=heartbeat)
        held.append(log)
        with attended(runner, config.realtime):
            episodes = _announced(bundle, task, plans)
            result = runner.run(_logged(episodes, log) if kind == "record" else episodes)
        held.clear()
    return Session(result=result, rewards=_rewards(out, task), log=out)


def _header(bundle: Bundle, robot: SerialRobot, config: SessionConfig, kind: str) -> LogHeader:
    """What the log says about itself; mixed firmware is said aloud as well."""
    firmware = {line.joint.name: line.firmware for line in robot.lines}
    if warning := mixed_firmware(robot.spec, firmware):
        say(warning)
    setup: dict[str, object] = {
        "kind": kind,
        "policy": bundle.digest,
        "seed": config.seed,
        "port": config.port,
        "firmware": firmware,
        "supervise": config.supervise,
        "realtime": config.realtime,
        "stop_input": list(config.stop_input),
    }
    return LogHeader(
        robot=robot.spec.name,
        spec=robot.spec.to_json(),
        contract=bundle.contract.to_json(),
        setup=setup,
    )


def _announced(bundle: Bundle, task: Task, plans: Array) -> Iterator[PolicyController]:
    """One controller a plan, said aloud as its turn comes."""
    for index, plan in enumerate(plans, start=1):
        say(f"  episode {index} of {len(plans)}, {task.episode:g} s")
        yield PolicyController(bundle, task, plan)


def _logged(episodes: Iterator[PolicyController], log: LogWriter) -> Iterator[PolicyController]:
    """Those episodes that there is a log for; nothing is recorded where the disk is full."""
    for episode in episodes:
        if log.failure is not None:
            complain(log.failure)
            return
        yield episode


def conclude(session: Session) -> int:
    """Say how a session ended, and return the exit code."""
    result, rewards = session.result, session.rewards
    if rewards:
        say(
            f"measured through the wire: mean reward per step {np.mean(rewards):.3f} "
            f"over {len(rewards)} episodes"
        )
    if result.late:
        say(f"{result.late} deadlines were missed and skipped; the log says which")
    if result.interventions:
        say(f"the safety filter changed {result.interventions} commands; the log says which")
    say(f"log: {session.log} ({result.ticks} control steps)")
    if result.state is State.FAULT:
        say(f"stopped by a fault: {result.reason}")
    elif result.reason != FINISHED:
        say(f"stopped: {result.reason}; the joints are limp")
    return result.exit


def _default_log(robot: str, kind: str) -> Path:
    """Where a log goes when the user did not say."""
    return Path("runs") / f"{robot}-{kind}-{time.strftime('%Y%m%d-%H%M%S')}.mcap"


def _rewards(path: Path, task: Task) -> tuple[float, ...]:
    with suppress(AdaptError):
        return tuple(episode.reward for episode in measured_episodes(Log.open(path), task))
    return ()
