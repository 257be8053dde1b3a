"""`Runner`: the control loop, from limp to running and back to limp, whatever happens."""

import math
from collections.abc import Iterable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import HardwareError, LogError, PortLost
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.robot import Robot
from ashore.hardware.run.clock import Clock
from ashore.hardware.run.controller import Controller, Decision
from ashore.hardware.run.guard import Guard
from ashore.hardware.run.heartbeat import LONGEST, Heartbeat
from ashore.hardware.run.pacer import Pacer
from ashore.hardware.run.release import dampen
from ashore.hardware.run.run_result import RunResult
from ashore.hardware.run.state import State
from ashore.hardware.run.stop_input import StopInputs

__all__ = ["Controller", "Decision", "RunResult", "Runner", "State"]

_STEEPEST = 2.0  # slope of the smooth step: 1.5 in its middle, and room for encoder counts


class Runner:
    """Drives a robot through episodes on absolute deadlines, and logs all of it.

    Torque comes only in `run`, and goes however `run` ends: at the end, on `stop`, on a fault, on
    a lost port, on an exception. A deadline that was missed is skipped, never made up in a burst:
    an episode is then as long as ever and has fewer steps.
    """

    def __init__(
        self,
        robot: Robot,
        clock: Clock,
        log: LogWriter,
        *,
        stops: StopInputs | None = None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """Take a robot that is limp.

        Args:
            robot: what to drive.
            clock: the robot's time.
            log: where everything goes.
            stops: buttons that stop a run; none by default.
            heartbeat: who takes torque off if this process dies; nobody by default.
        """
        self.robot, self.clock, self.log = robot, clock, log
        self.stops, self.heartbeat = stops or StopInputs(), heartbeat
        self._pacer = Pacer(clock, 1.0 / robot.spec.rate)
        self._stop: str | None = None
        self._at_once = self._releasing = self._powered = False
        self._begin()

    def _begin(self) -> None:
        """Forget the run before."""
        self.result = RunResult()
        self._guard = Guard(self.robot.spec, self.log)
        self._last = Command(position=self.robot.spec.column("default"))

    def stop(self, reason: str) -> None:
        """Ask a run to end at its next tick; safe from a signal handler, and lasting.

        The first reason counts. A runner that was stopped brings no torque any more.
        """
        self._stop = self._stop or reason

    def stop_at_once(self, reason: str) -> None:
        """Let go without sinking first; for a signal handler of the thread that runs.

        Raises:
            KeyboardInterrupt: the run was not about to let go; it is what ends it.
        """
        self.stop(reason)
        self._at_once = True
        if not self._releasing:
            raise KeyboardInterrupt

    def run(self, episodes: Iterable[Controller]) -> RunResult:
        """Enable, home and run each episode in turn, then go limp.

        What the hardware does is told by the result; what a controller raises is raised, after
        the robot has gone limp.
        """
        self._begin()
        result = self.result
        try:
            try:
                self._drive(episodes)
                result.reason = self._stop or result.reason
            except HardwareError as problem:
                self._fail(str(problem), problem)
            except BaseException as problem:
                self._fail(f"{type(problem).__name__} {problem}".strip(), problem)
                raise
            finally:
                self._releasing = True
        finally:
            self._release()
            self._releasing = False
        return result

    def _drive(self, episodes: Iterable[Controller]) -> None:
        self._enter(State.LIMP)
        if self._stopped():
            return
        self._beat(LONGEST)
        self.robot.enable()
        self._powered = True
        self._pacer.restart()
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
            round(safety.homing_time / self._pacer.period),
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
        while begin is None or elapsed < episode.duration - 1.5 * self._pacer.period:
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
        self._beat()
        missed = self._pacer.wait()
        self.result.late += missed
        self._guard.pace(self.clock.now(), missed, self._pacer.late_in_a_row)
        self._stopped()
        reading = self.robot.read()
        self.log.reading(reading)
        self._guard.reading(reading)
        return reading

    def _stopped(self) -> bool:
        reason = self.stops.poll()
        if reason:
            self.stop(reason)
        return self._stop is not None

    def _beat(self, seconds: float = 0.0) -> None:
        if self.heartbeat is not None:
            self.heartbeat.beat(seconds)

    def _send(self, command: Command, reading: Reading) -> None:
        try:
            safe = self._guard.command(reading.time, command, self._last)
        finally:
            self.result.interventions = self._guard.interventions
        self._last = self.robot.write(safe)
        self.log.command(reading.time, self._last)

    def _fail(self, reason: str, problem: BaseException) -> None:
        self.result.state, self.result.reason = State.FAULT, reason
        self.result.port_lost = isinstance(problem, PortLost)

    def _release(self) -> None:
        """Take torque off first, then say so; a log that can't be written holds nothing up."""
        result = self.result
        try:
            self._sink()
        finally:
            result.complaints = self.robot.disable()
            self._powered = False
        if self.heartbeat is not None and (result.port_lost or not result.complaints):
            self.heartbeat.rest()
        if result.complaints and result.state is not State.FAULT:
            result.state = State.FAULT
            result.reason = f"{result.reason}, but {'; '.join(result.complaints)}"
        result.told = self._guard.repeats.total
        with suppress(LogError):
            now = self.clock.now()
            self._guard.repeats.flush(now)
            for complaint in result.complaints:
                self.log.event(now, "error", "release", complaint)
            self.log.event(now, "info", "summary", result.summary, dict(result.told))
            self._enter(result.state)

    def _sink(self) -> None:
        """Let stiffness go before torque does, where the spec says so and there is time for it."""
        damp = self.robot.spec.safety.release == "damp"
        if not damp or not self._powered or self.result.port_lost or self._at_once:
            return
        with suppress(HardwareError):
            self._beat(LONGEST)
        try:
            dampen(self.robot, self._pacer, lambda: not self._at_once)
        except PortLost as lost:
            if self.result.state is not State.FAULT:
                self._fail(str(lost), lost)
            self.result.port_lost = True
        except HardwareError as problem:
            with suppress(LogError):
                self.log.event(self.clock.now(), "warning", "release", f"not damped: {problem}")

    def _enter(self, state: State, data: dict[str, object] | None = None) -> None:
        level = "error" if state is State.FAULT else "info"
        text = f"{state.value}: {self.result.reason}" if state is State.FAULT else state.value
        self.log.event(self.clock.now(), level, "state", text, data or {})
