"""The benchmark of ticks: how late a control loop on a serial line wakes, idle and under load."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import RunError
from ashore.hardware.run.clock import SystemClock
from ashore.hardware.run.pacer import Pacer
from ashore.hardware.run.realtime import PRIORITY, WORKERS, kernel_workers, realtime
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.bench_cycles import ROBOT, settle
from ashore.launch.bench.bus_clients import Cycle, in_order
from ashore.launch.bench.figure import Row, row

RATES = (50, 100, 200)
BAUD = 1_000_000
QUANTILES = {"p50": 50.0, "p99": 99.0, "p999": 99.9}
_HOG = "while True: pass"
_BELOW = 10  # how far the twin's real-time priority is below the host's


@dataclass(frozen=True, kw_only=True)
class TicksConfig:
    """How long ticks are watched."""

    rounds: int = 5
    """Turns of each rate, load and scheduler."""
    seconds: float = 4.0
    """Length of a turn [s]."""
    rates: tuple[int, ...] = RATES
    """Ticks a second."""


@dataclass
class Lateness:
    """How late the ticks of one kind were."""

    late: list[float] = field(default_factory=list)
    """Wake after the deadline, of each tick that was waited for [s]."""
    skipped: int = 0
    """Deadlines that were over before they could be waited for."""

    def quantile(self, percent: float) -> float:
        """Return the lateness that so many percent of the ticks keep to [us]."""
        return 1e6 * float(np.percentile(self.late, percent))


class WatchedClock(SystemClock):
    """The system's clock, which notes by how much it wakes too late."""

    def __init__(self) -> None:
        self.late: list[float] = []

    def sleep_until(self, moment: float) -> None:
        """Sleep, and note."""
        super().sleep_until(moment)
        self.late.append(self.now() - moment)


First = Literal["", "fifo", "kernel"]
"""Who has real-time priority: nobody, the loop, or the kernel's workers for ttys too."""
_RANKS: tuple[tuple[bool, First], ...] = (
    (False, ""),
    (False, "fifo"),
    (True, ""),
    (True, "fifo"),
    (True, "kernel"),  # without load its workers wait for nobody
)
Kind = tuple[int, bool, First]
"""Rate, whether every processor is loaded, and who goes first."""


def run(config: TicksConfig) -> list[Row]:
    """Run the loop at every rate, with and without load and real-time priority, in turns."""
    ids = RobotSpec.load(ROBOT).ids
    kinds = [(rate, loaded, first) for rate, (loaded, first) in product(config.rates, _RANKS)]
    seen: dict[Kind, Lateness] = {kind: Lateness() for kind in kinds}
    refusals: dict[Kind, str] = {}
    with TwinProcess(TwinOptions(robot=ROBOT, latency_timer=0.0)) as twin:
        settle(twin.port, BAUD, ids)
        with in_order(twin.port, BAUD, ids) as cycle:
            for _, kind in product(range(config.rounds), kinds):
                try:
                    with circumstances(kind, twin.pid):
                        _turn(cycle, ids, config.seconds, kind[0], seen[kind])
                except RunError as error:
                    refusals[kind] = str(error)
    return [each for kind in kinds for each in _rows(kind, seen, refusals.get(kind, ""))]


@contextmanager
def circumstances(kind: Kind, twin: int) -> Iterator[None]:
    """Load every processor, and take real-time priority, as far as `kind` has it.

    Raises:
        RunError: the system refuses that priority.
    """
    _, loaded, first = kind
    with ExitStack() as stack:
        if first:
            stack.enter_context(realtime())
            # A real robot isn't slowed by load.
            stack.enter_context(_raised([twin], PRIORITY - _BELOW))
        if first == "kernel":
            ordinary = [worker for worker, rank in kernel_workers().items() if not rank]
            stack.enter_context(_raised(ordinary, WORKERS))
        if loaded:
            for _ in range(os.cpu_count() or 1):
                stack.enter_context(_hog())
        yield


@contextmanager
def _raised(processes: Iterable[int], priority: int) -> Iterator[None]:
    """Give processes real-time priority; one that has ended needs none.

    Raises:
        RunError: the system refuses.
    """
    with ExitStack() as stack:
        for process in processes:
            try:
                os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(priority))
            except ProcessLookupError:
                continue
            except OSError as problem:
                raise RunError(f"no real-time priority for others: {problem.strerror}") from problem
            stack.callback(_lower, process)
        yield


def _lower(process: int) -> None:
    with suppress(ProcessLookupError):
        os.sched_setscheduler(process, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def _hog() -> Iterator[None]:
    """Keep one processor busy."""
    hog = subprocess.Popen([sys.executable, "-c", _HOG])
    try:
        yield
    finally:
        hog.kill()
        hog.wait()


def _turn(cycle: Cycle, ids: tuple[int, ...], seconds: float, rate: int, seen: Lateness) -> None:
    clock = WatchedClock()
    pacer = Pacer(clock, 1.0 / rate)
    for tick in range(round(seconds * rate)):
        seen.skipped += pacer.wait()
        cycle(dict.fromkeys(ids, 2000 + tick % 100))
    seen.late += clock.late


def _rows(kind: Kind, seen: dict[Kind, Lateness], refusal: str) -> list[Row]:
    """Return the quantiles of one kind of ticks, and how many were skipped."""
    rate, loaded, first = kind
    name = "_".join(filter(None, (f"late_{rate}hz", "loaded" * loaded, first)))
    own, plain = seen[kind], seen[rate, loaded, ""]
    if not own.late:
        return [row(f"{name}_{q}_us", None, "us", refusal) for q in QUANTILES]
    rows = []
    for q, percent in QUANTILES.items():
        value, without = own.quantile(percent), plain.quantile(percent)
        peer = ("without it", without, without / value) if first else (None, None, None)
        rows.append(row(f"{name}_{q}_us", value, "us", *peer))
    ticks = len(own.late) + own.skipped
    return [*rows, row(f"{name}_skipped", 100.0 * own.skipped / ticks, "%")]
