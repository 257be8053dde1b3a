"""`attended`: who watches over a session while it runs: signals, the supervisor, real time."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ashore.hardware.run.heartbeat import LONGEST, Heartbeat
from ashore.hardware.run.realtime import realtime
from ashore.hardware.run.runner import Runner
from ashore.hardware.serial_robot import SerialRobot
from ashore.launch.console import say


@contextmanager
def supervised(robot: SerialRobot, wanted: bool, patient: bool) -> Iterator[Heartbeat | None]:
    """A supervisor for `robot`, until the end of the block; None, and why, if there is none.

    Args:
        robot: open, and limp.
        wanted: whether there should be one.
        patient: whether it should allow the longest silences, for a robot whose time waits too.

    Raises:
        RunError: it did not start.
    """
    port = robot.bus.transport.fileno()
    watchdog = robot.spec.bus.watchdog
    alone = "nobody" if watchdog == 0.0 else f"only the servos' own watchdog ({watchdog:g} s)"
    if not wanted or port is None:
        why = "it was not wanted" if not wanted else "the port has no descriptor to hand on"
        say(f"no supervisor ({why}): {alone} stops the joints if this process dies")
        yield None
        return
    if watchdog == 0.0:
        say("these servos have no watchdog: the supervisor alone stops them if this process dies")
    limit = LONGEST if patient else robot.spec.safety.heartbeat
    with Heartbeat(port, robot.release_packets(), limit) as heartbeat:
        yield heartbeat


@contextmanager
def attended(runner: Runner, real_time: bool) -> Iterator[None]:
    """Let signals end the run, and run it in real time if wanted.

    Raises:
        RunError: the system refuses real time.
    """
    with ExitStack() as stack:
        stack.enter_context(_stop_on_signals(runner))
        if real_time:
            stack.enter_context(realtime())
        yield


@contextmanager
def _stop_on_signals(runner: Runner) -> Iterator[None]:
    """Let the first Ctrl-C end the run at its next tick, and the second at once."""
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        reason = "Ctrl-C" if number == signal.SIGINT else "the process was asked to end"
        asked.append(number)
        if len(asked) > 1:
            runner.stop_at_once(reason)
        runner.stop(reason)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
