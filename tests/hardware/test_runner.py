"""Laws of the runner: limp before and after, whatever happens in between, and all of it logged."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import COUNT, PERIOD, SPEC, Bench, Script, at, with_joint
from body import Body

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import BusError, PortLost
from ashore.hardware.logs.log import Log, LogHeader, LogWriter, check
from ashore.hardware.reading import Reading
from ashore.hardware.run.clock import LockstepClock, SystemClock
from ashore.hardware.run.runner import Runner, RunResult, State
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import Frame, Parser

Benches = Callable[..., Bench]
LATE_STEPS = SPEC.safety.late_limit
TABLE = ControlTable.load("xl330")
ONLY = np.array([0])


def states(log: Log) -> list[str]:
    return [event.text.split(":")[0] for event in log.events if event.kind == "state"]


def wave(tick: int, _: Reading) -> float:
    return 0.5 * np.sin(tick / 5)


def test_a_run_goes_from_limp_to_limp(bench: Bench, tmp_path: Path) -> None:
    result, log = bench.run(tmp_path, Script(wave), Script(wave, home=0.3))
    assert (result.state, result.reason, result.complaints) == (State.LIMP, "finished", [])
    # Two episodes of 0.4 s at 50 Hz.
    assert result.ticks == len(log.policy) == 40
    assert result.late == result.interventions == 0
    middle = ["homing", "ready", "running"] * 2
    assert states(log) == ["limp", *middle, "limp"]
    assert bench.memory.get("torque_enable") == 0
    assert bench.memory.get("bus_watchdog") == 0
    check(log)


def test_homing_is_a_smooth_ramp_from_where_the_joint_is(bench: Bench, tmp_path: Path) -> None:
    bench.place(-0.8)
    _, log = bench.run(tmp_path, Script(lambda _, r: r.position, duration=PERIOD, home=0.6))
    ramp = log.commands.position[:-1, 0]
    assert ramp[-1] == pytest.approx(0.6, abs=COUNT)
    steps = np.diff(ramp)
    # Ten steps over 1.4 rad; the steepest of a smooth step is 1.5 times the mean.
    assert np.abs(steps).max() <= 1.5 * 1.4 / 10 + 2.0 * COUNT
    assert np.abs(np.diff(steps)).max() < 0.1
    assert ramp[0] == pytest.approx(log.readings.position[0, 0], abs=0.05)


def test_homing_takes_as_long_as_the_step_limit_needs(benches: Benches, tmp_path: Path) -> None:
    spec = replace(SPEC, safety=replace(SPEC.safety, step_limit=0.02))
    result, log = benches(spec=spec).run(tmp_path, Script(lambda _, r: 0.6, home=0.6))
    assert result.interventions == 0
    assert np.abs(np.diff(log.commands.position, axis=0)).max() <= 0.02 + COUNT


def test_the_wire_carried_what_the_log_says(bench: Bench, tmp_path: Path) -> None:
    _, log = bench.run(tmp_path, Script(wave))
    goals, samples = [], []
    for frame in frames(log, "tx"):
        if frame.instruction == Instruction.SYNC_WRITE and frame.params[:2] == b"\x74\x00":
            goals.append(
                TABLE["goal_position"].to_si(TABLE["goal_position"].decode(frame.params[5:]))
            )
    assert goals == log.commands.position[:, 0].tolist()
    block = sum(TABLE[n].size for n in ("hardware_error_status", "torque_enable", "bus_watchdog"))
    start = block + sum(TABLE[f"present_{n}"].size for n in ("pwm", "current", "velocity"))
    for frame in frames(log, "rx"):
        if frame.id == 0xFE:
            data = frame.params[1:]
            samples.append(
                TABLE["present_position"].to_si(
                    int.from_bytes(data[start : start + 4], "little", signed=True)
                )
            )
    # The first sample was taken before the run began.
    assert samples[1:] == log.readings.position[:, 0].tolist()


def frames(log: Log, direction: str) -> list[Frame]:
    return Parser().feed(b"".join(raw.data for raw in log.raw if raw.direction == direction))


def test_a_controller_that_raises_leaves_the_robot_limp(bench: Bench, tmp_path: Path) -> None:
    def fail() -> None:
        assert bench.memory.get("torque_enable") == 1
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        bench.run(tmp_path, Script(at(3, fail)))
    assert bench.memory.get("torque_enable") == 0
    log = Log.open(tmp_path / "run.mcap")
    assert log.events[-2].text == "fault: ZeroDivisionError oops"
    assert len(log.policy) == 3


def test_an_interrupt_leaves_the_robot_limp(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        bench.run(tmp_path, Script(at(3, lambda: signal.raise_signal(signal.SIGINT))))
    assert bench.memory.get("torque_enable") == 0
    assert Log.open(tmp_path / "run.mcap").events[-2].text == "fault: KeyboardInterrupt"


@pytest.mark.parametrize("bad", [np.nan, np.inf, [0.0, 0.0], "left"])
def test_three_commands_without_a_number_stop_the_run(
    bench: Bench, tmp_path: Path, bad: object
) -> None:
    result, log = bench.run(tmp_path, Script(lambda tick, _: bad if tick >= 5 else 0.1))
    assert result.state is State.FAULT
    assert result.reason == "the policy gave no finite goal 3 times in a row"
    assert bench.memory.get("torque_enable") == 0
    # The step that stopped it is in the log, and what was sent until then is all finite.
    assert result.ticks == len(log.policy) == 8
    assert np.isfinite(log.commands.position).all()
    safety = [event.text for event in log.events if event.kind == "safety"]
    # The first at once, the two that followed counted when the run ended.
    held = "goal of shoulder was not a finite number: held"
    assert safety == [held, f"{held}; 2 more in the 0.0 s before"]
    assert result.told == {"not finite": 3}
    assert states(log)[-1] == "fault"


def test_two_commands_without_a_number_are_held_and_forgiven(bench: Bench, tmp_path: Path) -> None:
    pattern = [0.1, np.nan, np.nan, 0.1] * 5
    result, log = bench.run(tmp_path, Script(lambda tick, _: pattern[tick]))
    assert (result.state, result.interventions) == (State.LIMP, 10)
    assert log.commands.position[-20:] == pytest.approx(0.1, abs=COUNT)


def test_commands_beyond_the_limits_are_clipped_and_told(benches: Benches, tmp_path: Path) -> None:
    bench = benches(spec=with_joint(lower=-0.5, upper=0.5))
    result, log = bench.run(tmp_path, Script(lambda tick, _: 9.0))
    assert (result.state, result.interventions) == (State.LIMP, 20)
    assert log.commands.position.max() <= 0.5 + COUNT / 2
    assert log.readings.position.max() < 0.6


def set_parameter(bench: Bench, name: str, value: float) -> Callable[[], None]:
    def act() -> None:
        bench.plant.simulation.set(name, np.array(value), ONLY)
        bench.plant.simulation.settle(ONLY)

    return act


@pytest.mark.parametrize(
    ("name", "value", "goal", "fault"),
    [
        ("supply_voltage", 9.0, 0.0, "input voltage out of limits"),
        # 2.45 kg at 0.1 m, held level, are more than the motor has.
        ("mass", 5.0, 1.5, "overload"),
    ],
)
def test_a_hardware_error_in_mid_run_is_named_and_stops_it(
    benches: Benches, tmp_path: Path, name: str, value: float, goal: float, fault: str
) -> None:
    # The motor is taken to bear anything, or the runner stops before its servo does.
    bench = benches(spec=replace(SPEC, safety=replace(SPEC.safety, continuous_current=9.0)))
    act = set_parameter(bench, name, value)
    result, log = bench.run(tmp_path, Script(at(5, act, goal), duration=6.0))
    assert result.state is State.FAULT
    assert result.reason == f"joint shoulder reports {fault}"
    assert not result.port_lost
    assert bench.memory.get("torque_enable") == 0
    assert log.damage is None
    assert log.readings.fault[-1, 0] != 0
    assert log.events[-2].text == f"fault: joint shoulder reports {fault}"


def test_torque_that_went_silently_is_noticed(bench: Bench, tmp_path: Path) -> None:
    act = at(5, lambda: bench.memory.put("torque_enable", 0))
    result, _ = bench.run(tmp_path, Script(act))
    assert (result.state, result.ticks) == (State.FAULT, 6)
    assert "joint shoulder lost its torque" in result.reason


def test_a_watchdog_that_ran_out_is_noticed(bench: Bench, tmp_path: Path) -> None:
    result, _ = bench.run(tmp_path, Script(at(5, bench.twin.firmware.servos[0].trip)))
    assert (result.state, result.ticks) == (State.FAULT, 6)
    assert "bus watchdog" in result.reason
    assert bench.memory.get("torque_enable") == bench.memory.get("bus_watchdog") == 0


def test_a_servo_that_was_rebooted_is_noticed(bench: Bench, tmp_path: Path) -> None:
    result, _ = bench.run(tmp_path, Script(at(5, bench.twin.firmware.servos[0].boot)))
    assert (result.state, result.ticks) == (State.FAULT, 6)
    assert "rebooted" in result.reason


class Deaf:
    """A wire that loses every reply while `deaf`."""

    def __init__(self, transport: object) -> None:
        self._transport, self.deaf = transport, False

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def read(self, n: int, timeout: float) -> bytes:
        data = self._transport.read(n, timeout)
        return b"" if self.deaf else data


def run_deaf(bench: Bench, folder: Path, ticks: range) -> tuple[RunResult, Log]:
    """A run whose replies are lost at the control steps `ticks`."""
    robot = bench.open(latency=0.15)
    wire = robot.bus.transport = robot.bus._exchange.transport = Deaf(robot.bus.transport)

    def decide(tick: int, _: Reading) -> float:
        wire.deaf = tick + 1 in ticks
        return 0.02 * tick

    path = folder / "run.mcap"
    with LogWriter(path, LogHeader(robot="servo")) as log:
        result = Runner(robot, bench.clock, log).run([Script(decide)])
    robot.close()
    return result, Log.open(path)


@pytest.mark.slow
def test_a_servo_that_misses_few_steps_is_coasted(bench: Bench, tmp_path: Path) -> None:
    result, log = run_deaf(bench, tmp_path, range(5, 8))
    assert (result.state, result.ticks) == (State.LIMP, 20)
    age = log.readings.age[-20:, 0]
    assert age[4:9] == pytest.approx([0.0, PERIOD, 2 * PERIOD, 3 * PERIOD, 0.0], abs=1e-9)
    position = log.readings.position[-20:, 0]
    assert (position[5:8] == position[4]).all()
    assert position[8] != position[4]


@pytest.mark.slow
def test_a_servo_that_misses_more_steps_stops_the_run(bench: Bench, tmp_path: Path) -> None:
    result, log = run_deaf(bench, tmp_path, range(5, 100))
    assert result.state is State.FAULT
    assert result.reason == "joint shoulder has not answered for 3 control steps"
    # Steps 0 to 7 were run: the last three of them on an old sample.
    assert result.ticks == len(log.policy) == 8
    # Nobody confirms it, but the servo hears.
    assert bench.memory.get("torque_enable") == 0
    assert len(result.complaints) == 1


@pytest.mark.slow
def test_an_unplugged_robot_ends_the_run_with_everything_logged(tmp_path: Path) -> None:
    with TwinProcess(TwinOptions(clock="lockstep")) as twin:
        clock = LockstepClock()
        robot = SerialRobot.open(SPEC, twin.port, clock)
        path = tmp_path / "run.mcap"
        with LogWriter(path, LogHeader(robot="servo")) as log:
            result = Runner(robot, clock, log).run([Script(at(7, twin.kill))])
        robot.close()
    assert result.state is State.FAULT
    assert result.port_lost
    assert f"{twin.port} is gone" in result.reason
    assert "torque may still be on" in result.complaints[0]
    read = Log.open(path)
    assert read.damage is None
    assert result.ticks == len(read.policy) == 8
    assert states(read)[-1] == "fault"


def test_a_run_that_is_stopped_ends_at_the_next_step(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    robot = bench.open()
    with LogWriter(path, LogHeader(robot="servo")) as log:
        runner = Runner(robot, bench.clock, log)
        before = signal.signal(signal.SIGUSR1, lambda *_: runner.stop("stopped by Ctrl-C"))
        act = at(5, lambda: signal.raise_signal(signal.SIGUSR1))
        result = runner.run([Script(act), Script(wave)])
        signal.signal(signal.SIGUSR1, before)
        assert (result.state, result.reason) == (State.LIMP, "stopped by Ctrl-C")
        assert result.ticks == 6
        assert bench.memory.get("torque_enable") == 0
        # A second stop is harmless, and the first reason stays; nothing moves any more.
        runner.stop("again")
        again = runner.run([Script(wave)])
        assert (again.state, again.reason, again.ticks) == (State.LIMP, "stopped by Ctrl-C", 0)
    assert states(Log.open(path)) == ["limp", "homing", "ready", "running", "limp", "limp", "limp"]
    robot.close()


def test_a_run_without_a_log_brings_no_torque(bench: Bench, tmp_path: Path) -> None:
    robot = bench.open()
    log = LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo"))
    log.event(0.0, "info", "test", "so that it can be read")
    log.close()
    robot.enable = lambda: pytest.fail("torque without a log")
    result = Runner(robot, bench.clock, log).run([Script(wave)])
    assert result.state is State.FAULT
    assert "is closed" in result.reason
    robot.close()


def test_a_log_that_closes_in_mid_run_leaves_the_robot_limp(bench: Bench, tmp_path: Path) -> None:
    robot = bench.open()
    log = LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo"))
    result = Runner(robot, bench.clock, log).run([Script(at(5, log.close))])
    assert result.state is State.FAULT
    assert "is closed" in result.reason
    assert bench.memory.get("torque_enable") == 0
    assert len(Log.open(tmp_path / "run.mcap").policy) == 5
    robot.close()


def test_a_joint_that_does_not_let_go_is_never_reported_as_limp(
    bench: Bench, tmp_path: Path
) -> None:
    robot = bench.open()
    release = robot.disable
    robot.disable = lambda: [*release(), "cannot write torque_enable"]
    with LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo")) as log:
        result = Runner(robot, bench.clock, log).run([Script(wave)])
    assert result.state is State.FAULT
    assert result.reason == "finished, but cannot write torque_enable"
    robot.close()


@pytest.mark.slow
def test_a_run_in_real_time_ends_as_asked(tmp_path: Path) -> None:
    # Patient, for a busy machine must not fail this.
    patient = replace(SPEC.safety, stale_limit=200, homing_time=0.2)
    spec = replace(SPEC, safety=patient, bus=replace(SPEC.bus, watchdog=2.5))
    path, clock = tmp_path / "run.mcap", SystemClock()
    with TwinProcess(TwinOptions(clock="real")) as twin:
        robot = SerialRobot.open(spec, twin.port, clock, latency=1.0)
        with LogWriter(path, LogHeader(robot="servo")) as log:
            result = Runner(robot, clock, log).run([Script(wave)])
        assert not robot.read().torque_enabled.any()
        robot.close()
    assert (result.state, result.reason) == (State.LIMP, "finished")
    # An episode of 0.4 s has 20 steps, fewer if some came too late.
    assert 1 <= result.ticks <= 20
    assert (np.diff(Log.open(path).readings.time) > 0.0).all()


def run_late(
    folder: Path, delays: dict[int, float], duration: float = 0.4
) -> tuple[RunResult, Body]:
    clock = LockstepClock()
    body = Body(clock, delays)
    with LogWriter(folder / "run.mcap", LogHeader(robot="servo")) as log:
        result = Runner(body, clock, log).run([Script(lambda _, __: 0.0, duration)])
    return result, body


def test_missed_deadlines_are_skipped_and_never_made_up(tmp_path: Path) -> None:
    # The 16th read takes 3.4 control steps: the next three deadlines are 2.4 steps ago or less,
    # so two are skipped, the third is served 0.4 steps late, and the rest are on time again.
    result, body = run_late(tmp_path, {15: 3.4 * PERIOD})
    assert result.late == 2
    steps = np.diff(body.reads) / PERIOD
    expected = np.ones_like(steps)
    expected[15:17] = [3.4, 0.6]
    assert steps == pytest.approx(expected)
    # An episode is as long as ever, and has two steps fewer.
    assert result.ticks == 18
    assert (result.state, result.reason) == (State.LIMP, "finished")


def test_lateness_of_less_than_a_step_is_no_miss(tmp_path: Path) -> None:
    result, body = run_late(tmp_path, {15: 1.5 * PERIOD})
    assert (result.late, result.ticks) == (0, 20)
    assert np.diff(body.reads)[15:17] / PERIOD == pytest.approx([1.5, 0.5])


def test_a_robot_that_is_always_late_is_stopped(tmp_path: Path) -> None:
    result, body = run_late(tmp_path, {-1: 2.5 * PERIOD}, duration=4.0)
    assert result.state is State.FAULT
    assert f"{LATE_STEPS} control steps in a row came too late" in result.reason
    assert len(body.reads) == LATE_STEPS


def test_a_robot_that_catches_up_in_between_may_go_on(tmp_path: Path) -> None:
    often = dict.fromkeys(range(0, 400, 2), 2.5 * PERIOD)
    result, _ = run_late(tmp_path, often, duration=4.0)
    assert (result.state, result.reason) == (State.LIMP, "finished")
    assert result.late > LATE_STEPS


@pytest.mark.parametrize("error", [BusError("the servo refuses"), PortLost("it is gone")])
def test_a_robot_that_cannot_be_enabled_is_a_fault(tmp_path: Path, error: Exception) -> None:
    clock = LockstepClock()
    body = Body(clock, {})

    def refuse() -> None:
        raise error

    body.enable = refuse
    with LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo")) as log:
        result = Runner(body, clock, log).run([Script(wave)])
    assert (result.state, result.reason) == (State.FAULT, str(error))
    assert result.port_lost == isinstance(error, PortLost)
    assert body.reads == []
