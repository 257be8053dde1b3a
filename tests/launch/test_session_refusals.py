"""What a session refuses before torque comes, and what it ends with."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import SPEC, Bench, small_bundle, with_joint

from ashore.hardware.errors import ContractError, HardwareError, RunError
from ashore.hardware.logs.log import Log
from ashore.hardware.run.run_result import RunResult
from ashore.hardware.run.state import Exit, State
from ashore.launch.attendance import attended
from ashore.launch.place_request import SessionConfig
from ashore.launch.session import Session, conclude, run_session

NOWHERE = "/dev/no-such-port"


@pytest.mark.parametrize(
    ("robot", "options", "words"),
    [
        (with_joint(p_gain=123), {"robot": "servo"}, "p_gain of joint shoulder is 123, and .* 400"),
        (with_joint(servo="xm430"), {"robot": "servo"}, "servo of joint shoulder is 'xm430',"),
        (SPEC, {"stop_input": ("button",)}, "no stop input 'button'; possible: file:PATH"),
    ],
)
def test_what_cannot_be_is_refused_before_the_port_is_opened(
    tmp_path: Path, robot: object, options: dict[str, object], words: str
) -> None:
    bundle = replace(small_bundle(), robot=robot)
    config = SessionConfig(port=NOWHERE, out=tmp_path / "run.mcap", **options)
    with pytest.raises((ContractError, RunError), match=words):
        run_session(bundle, config, "record")
    assert list(tmp_path.iterdir()) == []


def test_a_sister_of_the_robot_gets_as_far_as_its_port(tmp_path: Path) -> None:
    bundle = replace(small_bundle(), robot=with_joint(zero_offset=0.2, id=7))
    config = SessionConfig(port=NOWHERE, out=tmp_path / "run.mcap", robot="servo")
    with pytest.raises(HardwareError, match=f"cannot open {NOWHERE}"):
        run_session(bundle, config, "record")


def session(bench: Bench, folder: Path, **options: object) -> Session:
    config = SessionConfig(
        port=bench.port, out=folder / "run.mcap", episodes=1, clock="lockstep", **options
    )
    return run_session(replace(small_bundle(), robot=bench.spec), config, "record")


def test_a_pressed_button_lets_no_torque_come(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "estop").touch()
    ended = session(bench, tmp_path, stop_input=(f"file:{tmp_path / 'estop'}",))
    assert conclude(ended) == Exit.STOPPED
    assert ended.result.ticks == 0
    assert [e.text for e in Log.open(ended.log).events if e.kind == "state"] == ["limp", "limp"]


def test_real_time_that_is_refused_lets_no_torque_come(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with pytest.raises(RunError, match=r"no real-time priority: .*`sudo prlimit --pid"):
        session(bench, tmp_path, realtime=True)
    assert bench.memory.get("torque_enable") == 0
    assert [e for e in Log.open(tmp_path / "run.mcap").events if e.kind == "state"] == []


@pytest.mark.parametrize(
    ("watchdog", "supervise", "said"),
    [
        (0.2, True, ""),
        (0.0, True, "these servos have no watchdog: the supervisor alone stops them"),
        (0.2, False, "no supervisor (it was not wanted): only the servos' own watchdog (0.2 s)"),
        (0.0, False, "no supervisor (it was not wanted): nobody stops the joints"),
    ],
)
def test_who_stops_the_joints_if_this_process_dies_is_said(
    benches: Callable[..., Bench],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    watchdog: float,
    supervise: bool,
    said: str,
) -> None:
    bench = benches(spec=replace(SPEC, bus=replace(SPEC.bus, watchdog=watchdog)))
    (tmp_path / "estop").touch()
    session(bench, tmp_path, supervise=supervise, stop_input=(f"file:{tmp_path / 'estop'}",))
    heard = capsys.readouterr().out
    assert said in heard
    assert ("process dies" in heard) == bool(said)


@pytest.mark.parametrize(
    ("result", "code", "words"),
    [
        (RunResult(), Exit.ENDED, "log: "),
        (RunResult(reason="Ctrl-C"), Exit.STOPPED, "stopped: Ctrl-C; the joints are limp"),
        (RunResult(state=State.FAULT, reason="hot"), Exit.FAULT, "stopped by a fault: hot"),
        (RunResult(state=State.FAULT, reason="x", port_lost=True), Exit.PORT_LOST, "a fault: x"),
    ],
)
def test_an_exit_code_says_how_it_ended(
    capsys: pytest.CaptureFixture[str], result: RunResult, code: Exit, words: str
) -> None:
    assert conclude(Session(result=result, rewards=(), log=Path("run.mcap"))) == code
    assert words in capsys.readouterr().out


class Asked:
    """What a runner was asked."""

    def __init__(self) -> None:
        self.stops: list[str] = []

    def stop(self, reason: str) -> None:
        self.stops.append(reason)

    def stop_at_once(self, reason: str) -> None:
        self.stops.append(f"at once: {reason}")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "Ctrl-C"),
        (signal.SIGTERM, "the process was asked to end"),
        (signal.SIGHUP, "the process was asked to end"),
    ],
)
def test_a_signal_stops_and_a_second_one_does_so_at_once(number: int, reason: str) -> None:
    before, asked = signal.getsignal(number), Asked()
    with attended(asked, real_time=False):
        signal.raise_signal(number)
        assert asked.stops == [reason]
        signal.raise_signal(signal.SIGINT)
        assert asked.stops[1] == "at once: Ctrl-C"
    assert signal.getsignal(number) == before


def test_exit_codes_are_what_scripts_were_told() -> None:
    assert [int(code) for code in Exit] == [0, 2, 3, 4, 130]
