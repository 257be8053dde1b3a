"""One session on a robot: its episodes, one after another, and what they earned."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import measured_episodes
from ashore.envs.dice import Dice
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Array, Task
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.run_result import FINISHED, RunResult
from ashore.hardware.run.runner import Controller, Runner
from ashore.hardware.run.state import Exit, State
from ashore.launch.console import complain, say
from ashore.launch.place import drive, robot_at
from ashore.launch.place_request import SessionConfig
from ashore.launch.sentry import Sentry
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController
from ashore.policies.drift.watch import watch_in

EXIT_FAULT = Exit.FAULT
EXIT_PORT_LOST = Exit.PORT_LOST
EXIT_STOPPED = Exit.STOPPED


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
        BundleError: the bundle's drift watch is damaged.
    """
    spec = robot_at(config, bundle)
    task = make_task(bundle.contract.task, spec)
    plans = task.plan(Dice(config.seed, config.episodes, purpose="plan"))
    watch = watch_in(bundle)
    out = config.out or default_log(spec.name, kind)
    out.parent.mkdir(parents=True, exist_ok=True)

    def episodes(runner: Runner) -> Iterator[Controller]:
        looking = {} if watch is None else {"look": Sentry(watch, runner, config.on_drift)}
        announced = _announced(plans, lambda plan: PolicyController(bundle, task, plan, **looking))
        return _logged(announced, runner.log) if kind == "record" else announced

    header = LogHeader(
        robot=spec.name,
        spec=spec.to_json(),
        contract=bundle.contract.to_json(),
        setup={"kind": kind, "policy": bundle.digest},
    )
    result = drive(config, spec, header, out, episodes)
    return Session(result=result, rewards=_rewards(out, task), log=out)


def _announced(
    plans: Array, make: Callable[[Array], PolicyController]
) -> Iterator[PolicyController]:
    """One controller a plan, said aloud as its turn comes."""
    for index, plan in enumerate(plans, start=1):
        episode = make(plan)
        say(f"  episode {index} of {len(plans)}, {episode.duration:g} s")
        yield episode


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


def default_log(robot: str, kind: str) -> Path:
    """Where a log goes when the user did not say."""
    return Path("runs") / f"{robot}-{kind}-{time.strftime('%Y%m%d-%H%M%S')}.mcap"


def _rewards(path: Path, task: Task) -> tuple[float, ...]:
    with suppress(AdaptError):
        return tuple(episode.reward for episode in measured_episodes(Log.open(path), task))
    return ()
