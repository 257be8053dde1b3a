"""Laws of a run's end: it drops or sinks as the spec says, and a second Ctrl-C cuts that short."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import PERIOD, SPEC, Bench, Script, at
from body import Body

from ashore.hardware.errors import BusError, PortLost
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.run_result import RunResult
from ashore.hardware.run.runner import Runner, State
from ashore.hardware.run.state import Exit

DAMP = replace(SPEC, safety=replace(SPEC.safety, release="damp", release_time=0.4))
SINKING = [f"soften {0.9 - 0.1 * i:.1f}" for i in range(10)]

Prepare = Callable[[Body, Runner], object]


def run(
    folder: Path,
    prepare: Prepare = lambda _, __: None,
    script: Script | None = None,
    spec: object = DAMP,
) -> tuple[RunResult, Body]:
    clock = LockstepClock()
    body = Body(clock, spec=spec)
    with LogWriter(folder / "run.mcap", LogHeader(robot="servo")) as log:
        runner = Runner(body, clock, log)
        prepare(body, runner)
        return runner.run([script or Script(lambda _, __: 0.0)]), body


def test_a_robot_that_damps_sinks_in_steps_before_its_torque_goes(tmp_path: Path) -> None:
    result, body = run(tmp_path)
    assert body.said == ["enable", *SINKING, "disable"]
    assert (result.state, result.reason, result.exit) == (State.LIMP, "finished", Exit.ENDED)
    # It is read at each of the 20 periods meanwhile, so that no watchdog runs out, and what was
    # read is no part of the log: the gain was not the robot's.
    readings = Log.open(tmp_path / "run.mcap").readings.time
    assert len(body.reads) == len(readings) + 20
    assert body.reads[-1] - body.reads[-20] == pytest.approx(19 * PERIOD)


def test_a_robot_that_drops_is_limp_at_once(tmp_path: Path) -> None:
    _, body = run(tmp_path, spec=SPEC)
    assert body.said == ["enable", "disable"]


def test_a_fault_sinks_as_well_and_stays_the_reason(tmp_path: Path) -> None:
    result, body = run(tmp_path, script=Script(lambda _, __: float("nan")))
    assert body.said == ["enable", *SINKING, "disable"]
    assert "no finite goal" in result.reason
    assert result.exit == Exit.FAULT


def test_an_exception_sinks_as_well_and_is_raised(tmp_path: Path) -> None:
    said: list[Body] = []

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tmp_path, lambda body, _: said.append(body), Script(at(3, fail)))
    assert said[0].said == ["enable", *SINKING, "disable"]


def refuse(body: Body, error: Exception) -> None:
    def soften() -> None:
        raise error

    body.on_soften = soften


def test_a_servo_that_refuses_to_sink_is_let_go(tmp_path: Path) -> None:
    result, body = run(tmp_path, lambda body, _: refuse(body, BusError("no")))
    assert body.said == ["enable", "soften 0.9", "disable"]
    assert result.exit == Exit.ENDED
    told = [e.text for e in Log.open(tmp_path / "run.mcap").events if e.kind == "release"]
    assert told == ["not damped: no"]


def test_a_port_that_is_lost_on_the_way_down_is_a_lost_port(tmp_path: Path) -> None:
    result, body = run(tmp_path, lambda body, _: refuse(body, PortLost("gone")))
    assert body.said == ["enable", "soften 0.9", "disable"]
    assert (result.reason, result.exit) == ("gone", Exit.PORT_LOST)


def test_a_second_ctrl_c_on_the_way_down_is_immediate(tmp_path: Path) -> None:
    def prepare(body: Body, runner: Runner) -> None:
        # At the third step, from a signal handler, as a session does it.
        def press() -> None:
            if len(body.said) == 4:
                signal.signal(signal.SIGUSR1, lambda *_: runner.stop_at_once("Ctrl-C"))
                signal.raise_signal(signal.SIGUSR1)

        body.on_soften = press

    result, body = run(tmp_path, prepare)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    assert body.said == ["enable", *SINKING[:3], "disable"]
    assert (result.state, result.reason) == (State.LIMP, "finished")


def test_a_second_ctrl_c_reaches_a_policy_that_never_returns(tmp_path: Path) -> None:
    made: list[tuple[Body, Runner]] = []

    def hang(*_: object) -> float:
        made[0][1].stop("Ctrl-C")
        made[0][1].stop_at_once("Ctrl-C")
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, lambda *both: made.append(both), Script(hang))
    assert made[0][0].said == ["enable", "disable"]
    assert made[0][1].result.state is State.FAULT


def test_a_robot_that_never_had_torque_has_nothing_to_sink_from(tmp_path: Path) -> None:
    _, body = run(tmp_path, lambda _, runner: runner.stop("Ctrl-C"))
    assert body.said == ["disable"]


def test_a_servos_own_gain_goes_down_and_is_back_for_the_next_run(
    benches: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = benches(spec=DAMP)
    gains: list[int] = []

    def note() -> None:
        gains.append(bench.memory.get("position_p_gain"))

    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        bench.run(tmp_path / name, Script(at(3, note)))
        assert bench.memory.get("torque_enable") == 0
        assert bench.memory.get("position_p_gain") == 0
    assert gains == [DAMP.joints[0].p_gain] * 2
