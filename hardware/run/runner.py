"""`Runner`: the control loop, from limp to running and back to limp, whatever happens."""

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import HardwareError, LogError, PortLost
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.robot import Robot
from ashore.hardware.run.clock import Clock
from ashore.hardware.run.safety import SafetyFilter

BAD_COMMANDS = 3
"""Control steps in a row whose goals are not finite, after which the run stops."""
LATE_STEPS = 25
"""Control steps in a row that came too late, after which the run stops."""

_STEEPEST = 2.0  # slope of the smooth step: 1.5 in its middle, and room for encoder counts


class State(Enum):
    """Where a run is: `Limp → Homing → Ready → Running → Limp`, and `Fault` from anywhere."""

    LIMP = "limp"
    HOMING = "homing"
    READY = "ready"
    RUNNING = "running"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a controller decided at one tick, and what it decided from."""

    command: Command
    """Goals, before the safety filter."""
    observation: NDArray[np.float32]
    """The policy's input, `(no,)`."""
    action: NDArray[np.float32]
    """The policy's output, `(na,)`."""
    signals: dict[str, NDArray[np.float64]]
    """The signals that the observation was built from, each `(k,)`."""


class Controller(Protocol):
    """One episode of a policy on a robot."""

    duration: float
    """Length of the episode [s]."""
    home: NDArray[np.float64]
    """Joint angles where it begins, `(nj,)` [rad]."""
    facts: dict[str, object]
    """What the log should say of it: plan, index, policy."""

    def decide(self, elapsed: float, reading: Reading) -> Decision:
        """Return what to do `elapsed` [s] into the episode."""
        ...


@dataclass(kw_only=True)
class RunResult:
    """How a run ended."""

    state: State = State.LIMP
    """`LIMP` after a run that ended as asked, else `FAULT`."""
    reason: str = "finished"
    """Why it ended."""
    port_lost: bool = False
    """Whether the wire went away."""
    ticks: int = 0
    """Control steps of episodes."""
    late: int = 0
    """Deadlines missed."""
    interventions: int = 0
    """Commands that the safety filter changed."""
    complaints: list[str] = field(default_factory=list)
    """A sentence for each joint whose torque may still be on."""


class Runner:
    """Drives a robot through episodes on absolute deadlines, and logs all of it.

    Torque comes only in `run`, and goes however `run` ends: at the end, on `stop`, on a fault, on
    a lost port, on an exception. A deadline that was missed is skipped, never made up in a burst:
    an episode is then as long as ever and has fewer steps.
    """

    def __init__(self, robot: Robot, clock: Clock, log: LogWriter) -> None:
        self.robot, self.clock, self.log = robot, clock, log
        self.safety = SafetyFilter(robot.spec)
        self.result = RunResult()
        self._period = 1.0 / robot.spec.rate
        self._deadline = 0.0
        self._late_in_a_row = 0
        self._bad_in_a_row = 0
        self._stop: str | None = None
        self._last = Command(position=robot.spec.column("default"))

    def stop(self, reason: str) -> None:
        """Ask a run to end at its next tick; safe from a signal handler, and lasting.

        The first reason counts. A runner that was stopped brings no torque any more.
        """
        self._stop = self._stop or reason

    def run(self, episodes: Iterable[Controller]) -> RunResult:
        """Enable, home and run each episode in turn, then go limp.

        What the hardware does is told by the result; what a controller raises is raised, after
        the robot has gone limp.
        """
        self.result = result = RunResult()
        self._late_in_a_row = self._bad_in_a_row = 0
        try:
            self._drive(episodes)
            result.reason = self._stop or result.reason
        except HardwareError as problem:
            result.state, result.reason = State.FAULT, str(problem)
            result.port_lost = isinstance(problem, PortLost)
        except BaseException as problem:
            result.state = State.FAULT
            result.reason = f"{type(problem).__name__} {problem}".strip()
            raise
        finally:
            self._limp()
        return result

    def _drive(self, episodes: Iterable[Controller]) -> None:
        self._enter(State.LIMP)
        if self._stop:
            return
        self.robot.enable()
        self._deadline = self.clock.now()
        self._last = Command(position=self._tick().position)
        for episode in episodes:
            self._home(episode.home)
            if not self._stop:
                self._episode(episode)

    def _home(self, home: NDArray[np.float64]) -> None:
        """Go to where an episode begins, smoothly and within the step limit."""
        if self._stop:
            return
        self._enter(State.HOMING)
        start, safety = self._last.position, self.robot.spec.safety
        way = float(np.max(np.abs(home - start)))
        steps = max(
            1,
            round(safety.homing_time / self._period),
            math.ceil(_STEEPEST * way / safety.step_limit),
        )
        for step in range(1, steps + 1):
            reading = self._tick()
            if self._stop:
                return
            share = step / steps
            smooth = share * share * (3.0 - 2.0 * share)
            self._send(Command(position=start + smooth * (home - start)), reading)
        self._enter(State.READY)

    def _episode(self, episode: Controller) -> None:
        self._enter(State.RUNNING, episode.facts)
        elapsed, begin = 0.0, None
        while begin is None or elapsed < episode.duration - 1.5 * self._period:
            reading = self._tick()
            if self._stop:
                return
            begin = reading.time if begin is None else begin
            elapsed = reading.time - begin
            self._step(episode.decide(elapsed, reading), reading)

    def _step(self, decision: Decision, reading: Reading) -> None:
        try:
            self._send(decision.command, reading)
        finally:
            # Also a step that stopped the run is in the log, and the command does not wait for it.
            step = (decision.observation, decision.action, decision.signals)
            self.log.policy(reading.time, *step)
            self.result.ticks += 1

    def _tick(self) -> Reading:
        """Wait for the next deadline and read; a danger ends the run."""
        self._deadline += self._period
        missed = int(max(0.0, self.clock.now() - self._deadline) / self._period)
        self._late_in_a_row = self._late_in_a_row + 1 if missed else 0
        if missed:
            self.result.late += missed
            self._deadline += missed * self._period
            self.log.event(self.clock.now(), "warning", "late", f"skipped {missed} control steps")
        if self._late_in_a_row >= LATE_STEPS:
            raise _Danger(
                f"{LATE_STEPS} control steps in a row came too late; lower the rate or the load"
            )
        self.clock.sleep_until(self._deadline)
        reading = self.robot.read()
        self.log.reading(reading)
        danger = self.safety.danger(reading)
        if danger:
            raise _Danger(danger)
        return reading

    def _send(self, command: Command, reading: Reading) -> None:
        filtered = self.safety.filter(command, self._last)
        self._bad_in_a_row = self._bad_in_a_row + 1 if filtered.held else 0
        if filtered.interventions:
            self.result.interventions += 1
            for text in filtered.interventions:
                self.log.event(reading.time, "warning", "safety", text)
        if self._bad_in_a_row >= BAD_COMMANDS:
            raise _Danger(f"the policy gave no finite goal {BAD_COMMANDS} times in a row")
        self._last = self.robot.write(filtered.command)
        self.log.command(reading.time, self._last)

    def _limp(self) -> None:
        """Take torque off first, then say so; a log that can't be written holds nothing up."""
        result = self.result
        result.complaints = self.robot.disable()
        if result.complaints and result.state is not State.FAULT:
            result.state = State.FAULT
            result.reason = f"{result.reason}, but {'; '.join(result.complaints)}"
        with suppress(LogError):
            for complaint in result.complaints:
                self.log.event(self.clock.now(), "error", "release", complaint)
            self._enter(result.state)

    def _enter(self, state: State, data: dict[str, object] | None = None) -> None:
        level = "error" if state is State.FAULT else "info"
        text = f"{state.value}: {self.result.reason}" if state is State.FAULT else state.value
        self.log.event(self.clock.now(), level, "state", text, data or {})


class _Danger(HardwareError):
    """The run must stop."""
