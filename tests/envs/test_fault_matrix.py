"""What must happen: each fault at the twin's end, while its robot is read, and while it runs.

In both nothing wrong is ever believed (`Watched`), no read takes longer than a few control steps,
and nothing but the room's own errors is raised. Faults begin 2 s after power-up: half a second
into reading, a quarter of a second into an episode of one second.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from bench import Script
from virtual_twin import FEETECH, SENSING, SPEC, VirtualBench, Watched

from ashore.hardware.errors import BusError, HardwareError, PortLost
from ashore.hardware.logs.log import Log, LogHeader, LogWriter, check
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.runner import Runner, RunResult
from ashore.hardware.run.state import Exit
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire import dynamixel

ALL = "left middle right"
TICKS = 50
LONGEST = 4.0 / SPEC.rate
"""Longest that a read may take [s]; most take a tenth of a control step."""

STALE = "has not answered for 3 control steps"
EITHER = f"finished|joint .* {STALE}"
"""Of what lasts about as long as a joint may be silent."""
LIMP = "joint middle lost its torque: its bus watchdog ran out, or it was rebooted"


def fault(kind: str, **values: object) -> str:
    """One table of a file of faults."""
    lines = [f"kind = {kind!r}", *(f"{key} = {value!r}" for key, value in values.items())]
    return "\n".join(["[[fault]]", *lines, ""])


def now(kind: str, joint: str = "", **values: object) -> str:
    """A fault from the middle of a run on."""
    joints = {"joints": [joint]} if joint else {}
    return fault(kind, **{"begin": 2.0, **joints, **values})


def brief(kind: str, joint: str = "", **values: object) -> str:
    """The same for three control steps."""
    return now(kind, joint, end=2.055, **values)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault and what must come of it."""

    faults: str
    misses: str | None = ""
    """Joints that miss samples while they are read; all others miss none; None for any."""
    back: bool = True
    """Whether all are fresh again at the end."""
    sees: dict[str, object] = field(default_factory=dict)
    """What the last reading says of the middle joint."""
    refused: str = ""
    """Sentence with which it is refused before anything has torque, in both columns."""
    ends: str = "finished"
    """Why a run ends; a pattern."""
    told: tuple[str, ...] | None = ()
    """What its log tells of; None for whatever it does."""
    complains: int = 0
    """For how many joints nobody confirms that their torque is off."""
    unreached: str = ""
    """The joint that does not even hear that it should let go."""
    spec: RobotSpec = SPEC
    version: int | None = None


COASTS = {"told": ("missed",)}
GONE = {"misses": "middle", "back": False, "told": ("missed",)}
NO_TORQUE = {"torque_enabled": False}

MATRIX = {
    # Replies.
    "a reply lost": Row(faults=now("drop", times=1)),
    "replies lost now and then": Row(
        faults=now("drop", probability=0.1, end=2.6), misses=None, told=None
    ),
    "three of one joint lost": Row(faults=brief("drop", "middle"), misses="middle", **COASTS),
    "three of the first joint lost": Row(faults=brief("drop", "left"), misses="left", **COASTS),
    "three of all lost": Row(faults=brief("drop"), misses=ALL, **COASTS),
    "all of one joint lost": Row(
        faults=now("drop", "middle"), **GONE, ends=f"joint middle {STALE}", complains=1
    ),
    "all lost": Row(
        faults=now("drop"),
        misses=ALL,
        back=False,
        told=("missed",),
        ends=f"joint left, middle, right {STALE}",
        complains=3,
    ),
    "a bit flipped": Row(faults=now("flip", times=1)),
    "bits flipped in one joint": Row(faults=brief("flip", "middle"), misses="middle", **COASTS),
    "bits flipped now and then": Row(
        faults=now("flip", probability=0.2, bits=3, end=2.6), misses=None, told=None
    ),
    "truncated": Row(faults=now("truncate", times=1)),
    "truncated in one joint": Row(faults=brief("truncate", "middle"), misses="middle", **COASTS),
    "short status": Row(faults=now("short", times=1)),
    "short status of one joint": Row(faults=brief("short", "middle"), misses="middle", **COASTS),
    "duplicate": Row(faults=now("duplicate")),
    "duplicate, plain reads": Row(faults=now("duplicate"), version=45),
    "reordered": Row(faults=now("reorder"), version=45),
    "noise before": Row(faults=now("noise")),
    "noise that looks like a reply": Row(faults=now("noise", data="FFFFFD00FE500055")),
    "noise inside, once": Row(faults=now("noise", where="inside", times=1)),
    "noise inside": Row(faults=brief("noise", where="inside"), misses=ALL, **COASTS),
    "noise after": Row(faults=now("noise", where="after")),
    "local echo": Row(faults=fault("echo")),
    "local echo, plain reads": Row(faults=fault("echo"), version=45),
    "late past the time-out": Row(faults=now("late", times=1)),
    "late past the time-out, plain reads": Row(faults=now("late", times=1), version=45),
    "three requests late": Row(
        faults=now("late", times=1, requests=3),
        misses=ALL,
        told=("missed",),
        ends=EITHER,
    ),
    "a spike of 16 ms": Row(faults=now("delay", seconds=0.016, times=1), misses=ALL, **COASTS),
    "a spike of 50 ms": Row(
        faults=now("delay", seconds=0.05, times=1), misses=ALL, ends=EITHER, **COASTS
    ),
    "a spike of 200 ms": Row(
        faults=now("delay", seconds=0.2, times=1),
        misses=ALL,
        told=("missed",),
        ends=f"joint left, middle, right {STALE}",
        complains=3,
    ),
    "a byte at a time": Row(faults=now("split", seconds=0.0001), misses=ALL, **COASTS),
    "header in the payload": Row(
        faults=now("shows", signal="current", value=-0.001)
        + now("shows", signal="velocity", value=-0.071)
    ),
    "header in the payload, plain reads": Row(
        faults=now("shows", signal="current", value=-0.001)
        + now("shows", signal="velocity", value=-0.071),
        version=45,
    ),
    # Requests.
    "a request lost": Row(faults=now("deaf", times=1)),
    "requests lost now and then": Row(
        faults=now("deaf", probability=0.1, end=2.6), misses=None, told=None
    ),
    "three control steps of requests lost": Row(faults=brief("deaf"), misses=ALL, **COASTS),
    "a request damaged": Row(faults=now("garble", times=1)),
    "another program pings": Row(faults=now("stranger")),
    "another program pings, plain reads": Row(faults=now("stranger"), version=45),
    "another program takes torque off": Row(
        faults=now("stranger", data=dynamixel.write(2, 64, b"\0").hex(), times=1),
        sees=NO_TORQUE,
        ends=LIMP,
    ),
    # Servos.
    **{
        f"alert: {name}": Row(
            faults=now("alert", "middle", error=name),
            sees={"fault": 1 << bit, **NO_TORQUE},
            ends=f"joint middle reports {name}",
        )
        for name, bit in (
            ("input voltage out of limits", 0),
            ("overheating", 2),
            ("electrical shock", 4),
            ("overload", 5),
        )
    },
    "alert without shutdown: motor encoder": Row(
        faults=now("alert", "middle", error="motor encoder"),
        sees={"fault": 8, "torque_enabled": True},
        ends="joint middle reports motor encoder",
    ),
    "the supply sags": Row(
        faults=now("sag", "middle", volts=3.0),
        sees={"fault": 1, "voltage": 3.0, **NO_TORQUE},
        ends="joint middle reports input voltage out of limits",
    ),
    # What it forgot is where a cycle reads: no sample, rather than one of zeros.
    "a dip of the supply resets a servo": Row(
        faults=now("reboot", "middle", seconds=0.0), **GONE, sees=NO_TORQUE, ends=LIMP
    ),
    "a servo reboots": Row(
        faults=now("reboot", "middle"),
        misses="middle",
        back=False,
        sees=NO_TORQUE,
        told=("missed",),
        ends=f"joint middle {STALE}",
        complains=1,
    ),
    "a watchdog trips": Row(faults=now("watchdog", "middle"), sees=NO_TORQUE, ends=LIMP),
    "torque goes silently": Row(faults=now("limp", "middle"), sees=NO_TORQUE, ends=LIMP),
    "a servo drops out for three steps": Row(
        faults=brief("absent", "middle"), misses="middle", **COASTS
    ),
    "a servo drops out": Row(
        faults=now("absent", "middle"),
        **GONE,
        ends=f"joint middle {STALE}",
        complains=1,
        unreached="middle",
    ),
    "an id changes to another's": Row(
        faults=now("id", "middle", id=1), **GONE, ends=f"joint middle {STALE}", complains=2
    ),
    # At the start.
    "id missing": Row(
        faults=fault("id", joints=["middle"], id=9),
        refused="no servo 2 (middle) on the virtual port at 1000000 baud; answered: 1, 3, 9;",
    ),
    "id twice": Row(
        faults=fault("id", joints=["middle"], id=1),
        refused="several servos answer as servo 1 (left) on the virtual port; one is possible",
    ),
    "wrong model": Row(
        faults=fault("model", joints=["middle"], number=1060),
        refused="servo 2 (middle) on the virtual port is model number 1060; the spec says XL330",
    ),
    "wrong baud": Row(
        faults=fault("baud", joints=["middle"], baud=57600),
        refused="no servo 2 (middle) on the virtual port at 1000000 baud; answered: 1, 3;",
    ),
    "firmware without fast reads": Row(
        faults=fault("setting", joints=["middle"], register="firmware_version", value=45)
    ),
    "firmware without a watchdog": Row(
        faults=fault("setting", joints=["middle"], register="firmware_version", value=37),
        refused="servo 2 (middle) has firmware 37; 38 or newer has the watchdog",
    ),
    "return delay 250": Row(faults=fault("setting", register="return_delay_time", value=250)),
    # Sensors. What a servo says of its own joint is believed, if a joint can do it.
    "an encoder is stuck": Row(faults=now("stuck", "middle"), sees={"velocity": 0.0}),
    "an encoder jumps": Row(
        faults=now("jump", "middle", angle=0.8), ends=r"joint middle leapt by 0\.8\d rad .*"
    ),
    "an encoder jumps far": Row(
        faults=now("jump", "middle", angle=5.0), ends="joint middle is far outside its limits"
    ),
    "the inertial sensor is silent": Row(
        faults=now("imu_silent"),
        spec=SENSING,
        ends="the inertial sensor has given no sample for 3 control steps",
    ),
    "the inertial sensor is silent for three steps": Row(faults=brief("imu_silent"), spec=SENSING),
    "the inertial sensor says NaN": Row(
        faults=now("imu_nan"),
        spec=SENSING,
        ends="the inertial sensor has given no sample for 3 control steps",
    ),
    "the inertial sensor is frozen": Row(
        faults=now("imu_frozen"),
        spec=SENSING,
        ends="the inertial sensor has given no sample for 3 control steps",
    ),
}

ON_FEETECH = {
    "nothing": Row(faults=""),
    "three of one joint lost": Row(faults=brief("drop", "middle"), misses="middle", **COASTS),
    "all of one joint lost": Row(
        faults=now("drop", "middle"), **GONE, ends=f"joint middle {STALE}", complains=1
    ),
    "bits flipped in one joint": Row(faults=brief("flip", "middle"), misses="middle", **COASTS),
    "truncated in one joint": Row(faults=brief("truncate", "middle"), misses="middle", **COASTS),
    "short status of one joint": Row(faults=brief("short", "middle"), misses="middle", **COASTS),
    "duplicate": Row(faults=now("duplicate")),
    "reordered": Row(faults=now("reorder")),
    "noise before": Row(faults=now("noise")),
    "noise that looks like a header": Row(faults=now("noise", data="FFFF0114")),
    "late past the time-out": Row(faults=now("late", times=1), misses=None, told=None),
    "a spike of 200 ms": Row(
        faults=now("delay", seconds=0.2, times=1),
        misses=ALL,
        told=("missed",),
        ends=f"joint left, middle, right {STALE}",
        complains=3,
    ),
    "another program pings": Row(faults=now("stranger")),
    "overload": Row(
        faults=now("alert", "middle", error="overload"),
        sees={"fault": 32},
        ends="joint middle reports overload",
    ),
    "a servo drops out": Row(
        faults=now("absent", "middle"),
        **GONE,
        ends=f"joint middle {STALE}",
        complains=1,
        unreached="middle",
    ),
    "id missing": Row(
        faults=fault("id", joints=["middle"], id=9),
        refused="no servo 2 (middle) on the virtual port at 1000000 baud; answered: 1, 3, 9;",
    ),
    "id twice": Row(
        faults=fault("id", joints=["middle"], id=1),
        refused="several servos answer as servo 1 (left) on the virtual port",
    ),
}
"""On a line of Feetech servos: no joint replies, checksums of a byte, no watchdog."""

MATRIX |= {f"Feetech: {name}": replace(row, spec=FEETECH) for name, row in ON_FEETECH.items()}

FAST = ("all of one joint lost", "late past the time-out", "bits flipped now and then", "id twice")
ROWS = [
    pytest.param(row, id=name, marks=() if name in FAST else pytest.mark.slow)
    for name, row in MATRIX.items()
]


def wave(tick: int) -> np.ndarray:
    return np.full(3, 0.3 * np.sin(tick / 5))


def read(bench: VirtualBench, robot: Watched) -> None:
    """Read for 1.2 s, joints under torque and moving."""
    bench.clock.sleep_until(1.5)
    robot.enable()
    for tick in range(60):
        bench.clock.sleep_until(1.6 + tick / SPEC.rate)
        robot.read()
        robot.write(Command(position=wave(tick)))


def run(bench: VirtualBench, folder: Path) -> tuple[RunResult, Watched, Log]:
    """Run an episode of 1 s, and read its log back."""
    path = folder / "run.mcap"
    with LogWriter(path, LogHeader(robot="chain"), offline=True) as log:
        robot = bench.open(lambda way, data: log.raw(bench.clock.now(), way, data))
        bench.clock.sleep_until(1.5)
        script = Script(lambda tick, _: wave(tick), duration=TICKS / SPEC.rate)
        script.home = np.zeros(3)
        result = Runner(robot, bench.clock, log).run([script])
    return result, robot, Log.open(path)


def missing(readings: list[Reading]) -> set[str]:
    fresh = np.array([reading.fresh for reading in readings])
    return {name for name, column in zip(SPEC.names, fresh.T, strict=True) if not column.all()}


@pytest.mark.parametrize("row", ROWS)
def test_what_must_happen_while_reading(row: Row, tmp_path: Path) -> None:
    bench = VirtualBench(row.faults, tmp_path, row.spec, version=row.version)
    if row.refused:
        with pytest.raises(BusError, match=re.escape(row.refused)):
            read(bench, bench.open())
        assert bench.torque() == [0, 0, 0]
        return
    robot = bench.open()
    read(bench, robot)
    assert robot.longest < LONGEST
    assert row.misses is None or missing(robot.readings) == set(row.misses.split())
    last = robot.readings[-1]
    assert bool(last.fresh.all()) == row.back
    for signal, value in row.sees.items():
        assert getattr(last, signal)[1] == pytest.approx(value)
    # Those whom nothing struck have torque as ever.
    healthy = [last.torque_enabled[i] for i in (0, 2)]
    assert all(healthy)


@pytest.mark.parametrize("row", ROWS)
def test_what_must_happen_while_running(row: Row, tmp_path: Path) -> None:
    bench = VirtualBench(row.faults, tmp_path, row.spec, version=row.version)
    if row.refused:
        refuse(bench, row.refused, tmp_path)
        return
    result, robot, log = run(bench, tmp_path)
    assert re.fullmatch(row.ends, result.reason)
    ended = result.reason == "finished"
    assert result.exit is (Exit.ENDED if ended else Exit.FAULT)
    assert len(result.complaints) == row.complains
    assert row.told is None or set(result.told) == set(row.told)
    assert robot.longest < LONGEST
    # Who does not answer has heard that it should let go, unless it is off the line.
    assert bench.torque() == [int(name == row.unreached) for name in SPEC.names]
    require_told(log, result)
    assert (result.ticks == TICKS) == ended


def require_told(log: Log, result: RunResult) -> None:
    """Check that a log is whole, can be calculated with, and says how the run went."""
    assert log.damage is None
    check(log)
    assert len(log.policy) == result.ticks
    told = [event.text for event in log.events if event.kind == "state"]
    assert told[:4] == ["limp", "homing", "ready", "running"]
    ended = result.reason == "finished"
    assert told[4:] == ["limp"] if ended else [f"fault: {result.reason}"]
    complained = [event.text for event in log.events if event.kind == "release"]
    assert complained == result.complaints
    assert any(event.kind == "read" for event in log.events) == ("missed" in result.told)
    assert {raw.direction for raw in log.raw} == {"tx", "rx"}


def refuse(bench: VirtualBench, sentence: str, folder: Path) -> None:
    """Check that a run is refused with a sentence before any torque, when opened or enabled."""
    try:
        result, _, log = run(bench, folder)
        said, kinds = result.reason, [event.kind for event in log.events]
        assert (result.exit, result.ticks, kinds[0]) == (Exit.FAULT, 0, "state")
    except BusError as refusal:
        said = str(refusal)
    assert sentence in said
    assert bench.torque() == [0, 0, 0]


def test_a_value_that_was_not_true_does_not_pass_for_one(tmp_path: Path) -> None:
    robot = VirtualBench("", tmp_path).open()
    robot.read()
    true = robot.robot.read
    robot.robot.read = lambda: replace(true(), voltage=np.array([5.0, 5.1, 5.0]))
    with pytest.raises(AssertionError, match="joint 1 at"):
        robot.read()


def test_unplugged(tmp_path: Path) -> None:
    bench = VirtualBench(now("unplug"), tmp_path)
    robot = bench.open()
    with pytest.raises(PortLost):
        read(bench, robot)
    bench = VirtualBench(now("unplug"), tmp_path)
    result, _, log = run(bench, tmp_path)
    assert result.exit is Exit.PORT_LOST
    assert "plug it in again" in result.reason
    assert "torque may still be on" in result.complaints[0]
    assert "stop by themselves after 0.2 s" in result.complaints[0]
    require_told(log, result)
    # Nobody speaks to the servos any more: their watchdogs run out by themselves.
    assert bench.torque() == [1, 1, 1]
    bench.twin.advance(bench.clock.now() + 0.25)
    assert all(servo.tripped for servo in bench.twin.firmware.servos)


MIXED = [
    *(("drop", {}), ("short", {}), ("deaf", {}), ("truncate", {}), ("echo", {})),
    *(("noise", {"where": place}) for place in ("before", "after")),
    *(("late", {"requests": requests}) for requests in (1, 2, 3)),
    *(("delay", {"seconds": seconds}) for seconds in (0.016, 0.05, 0.2)),
    ("split", {"seconds": 0.0002}),
]
DAMAGE = [("flip", {}), ("garble", {}), ("noise", {"where": "inside"})]
"""What a checksum of one byte, Feetech's, does not always see."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_whatever_goes_wrong_on_the_line_nothing_wrong_is_believed(
    seed: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    spec = FEETECH if seed % 4 == 3 else SPEC
    kinds = MIXED if spec is FEETECH else MIXED + DAMAGE
    chosen = [kinds[i] for i in rng.choice(len(kinds), rng.integers(1, 5), replace=False)]
    faults = [
        fault(kind, probability=float(rng.choice([0.02, 0.1, 0.3])), begin=1.9, end=2.4, **values)
        for kind, values in chosen
    ]
    text = f"seed = {seed}\n{''.join(faults)}"
    adapter = {"latency_timer": float(rng.choice([0.0, 0.001, 0.016]))}
    bench = VirtualBench(text, tmp_path, spec, version=int(rng.choice([45, 52])), **adapter)
    robot = bench.open()
    with suppress(HardwareError):
        read(bench, robot)
    assert robot.longest < LONGEST
