"""Law of the runner's memory: ten minutes need no more of it than one."""

import gc
import tracemalloc
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SPEC, Script
from body import Body

from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.reading import Reading
from ashore.hardware.run import runner
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.runner import Runner

RUN = Path(runner.__file__).parent
SLOWER = replace(SPEC, rate=25.0)
MINUTE = round(60.0 * SLOWER.rate)


def held(folder: Path) -> int:
    """Bytes that code in `folder` has asked for and not given back."""
    gc.collect()
    only = tracemalloc.Filter(True, str(folder / "*"))
    traces = tracemalloc.take_snapshot().filter_traces([only])
    return sum(trace.size for trace in traces.statistics("filename"))


@pytest.mark.slow
def test_a_run_of_ten_minutes_does_not_grow(tmp_path: Path) -> None:
    kept: list[tuple[int, int]] = []

    def decide(tick: int, _: Reading) -> float:
        if tick in (MINUTE, 9 * MINUTE):
            kept.append((held(RUN), held(RUN.parent)))
        # Clipped at every other tick and no number at each seventh, so that there is much to tell.
        return np.nan if tick % 7 == 0 else 9.0 * (tick % 2)

    # One read in fifty comes late, so that lateness is told too.
    clock, delays = LockstepClock(), dict.fromkeys(range(0, 10 * MINUTE, 50), 0.1)
    body = Body(clock, delays, SLOWER)
    body.reads = deque(maxlen=8)
    tracemalloc.start()
    try:
        with LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo"), offline=True) as log:
            result = Runner(body, clock, log).run([Script(decide, 600.0)])
    finally:
        tracemalloc.stop()
    assert result.reason == "finished"
    assert result.ticks + result.late == pytest.approx(10 * MINUTE, abs=2)
    assert min(result.told["late"], result.told["clipped"], result.told["not finite"]) > 250
    (run, room), (run_later, room_later) = kept
    assert run_later - run < 4096
    # The log's writer may hold a queue, and another chunk.
    assert room_later - room < 256 * 1024
