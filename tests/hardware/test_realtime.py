"""Laws of real time: given back when it is over, and refused in words that grant it."""

import ctypes
import gc
import os
from contextlib import suppress

import pytest

from ashore.hardware.errors import RunError
from ashore.hardware.run import realtime as module
from ashore.hardware.run.realtime import PRIORITY, realtime

pytestmark = pytest.mark.slow


class Kernel:
    """What the system would do, and whether it allows it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, schedules: bool, locks: bool) -> None:
        self.said: list[object] = []
        self.schedules, self.locks = schedules, locks
        monkeypatch.setattr(os, "sched_setscheduler", self.schedule)
        monkeypatch.setattr(module.ctypes, "CDLL", lambda *_, **__: self)

    def schedule(self, _: int, policy: int, parameter: os.sched_param) -> None:
        if not self.schedules:
            raise PermissionError(1, "Operation not permitted")
        self.said.append((policy & ~os.SCHED_RESET_ON_FORK, parameter.sched_priority))
        assert policy & os.SCHED_RESET_ON_FORK

    def mlockall(self, flags: int) -> int:
        self.said.append(f"lock {flags}")
        ctypes.set_errno(0 if self.locks else 12)
        return 0 if self.locks else -1

    def munlockall(self) -> int:
        self.said.append("unlock")
        return 0


def test_priority_memory_and_garbage_are_taken_and_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel(monkeypatch, schedules=True, locks=True)
    with realtime():
        assert kernel.said == [(os.SCHED_FIFO, PRIORITY), "lock 3"]
        assert gc.get_freeze_count() > 1000
    assert kernel.said[2:] == ["unlock", (os.SCHED_OTHER, 0)]
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize(
    ("schedules", "words", "left"),
    [
        (False, "no real-time priority: Operation not permitted", []),
        (True, "memory cannot be locked: Cannot allocate memory", ["unlock", (os.SCHED_OTHER, 0)]),
    ],
)
def test_a_refusal_says_the_command_that_grants_it_and_leaves_nothing_half_done(
    monkeypatch: pytest.MonkeyPatch, schedules: bool, words: str, left: list[object]
) -> None:
    kernel = Kernel(monkeypatch, schedules=schedules, locks=False)
    with pytest.raises(RunError, match=words) as caught, realtime():
        pytest.fail("it ran without what it was promised")
    said = str(caught.value)
    assert "`sudo prlimit --pid $$ --rtprio=50:50 --memlock=unlimited:unlimited`" in said
    assert "log in again" in said
    assert kernel.said[2:] == left
    assert gc.get_freeze_count() == 0


def test_on_this_machine_it_is_either_real_or_refused() -> None:
    before = os.sched_getscheduler(0) | os.SCHED_RESET_ON_FORK
    with suppress(RunError), realtime():
        assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
    assert os.sched_getscheduler(0) | os.SCHED_RESET_ON_FORK == before
