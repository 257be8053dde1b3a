"""`realtime`: the control loop before everything else on its computer."""

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ashore.hardware.errors import RunError

PRIORITY = 50
"""SCHED_FIFO priority: above every ordinary process, level with the kernel's interrupt threads."""
WORKERS = PRIORITY - 1
"""What the kernel's workers need that hand over a serial port's bytes: no program keeps them
waiting, and they do not interrupt the loop."""
GRANT = (
    f"`sudo prlimit --pid $$ --rtprio={PRIORITY}:{PRIORITY} --memlock=unlimited:unlimited` grants "
    "it to this shell, until it is closed; for good: "
    f"`printf '%s - rtprio {PRIORITY}\\n%s - memlock unlimited\\n' $USER $USER | "
    "sudo tee /etc/security/limits.d/ashore.conf`, then log in again"
)
"""What lets a user do so."""

_LOCK_ALL = 3  # MCL_CURRENT | MCL_FUTURE, in Linux's mman.h
_RANK = 37  # real-time priority, among what follows the name. Source: proc_pid_stat(5), field 40


def kernel_workers(proc: Path = Path("/proc")) -> dict[int, int]:
    """Return the kernel's unbound workers and the real-time priority of each, 0 if it has none.

    Bytes that any tty receives, a USB adapter's too, pass through one of them to who reads it.
    Source: Linux, drivers/tty/tty_buffer.c, tty_flip_buffer_push, and kernel/workqueue.c.
    """
    found = {}
    for stat in proc.glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            name, _, rest = stat.read_text(errors="replace").partition(" (")[2].rpartition(") ")
            if name.startswith("kworker/u"):
                found[int(stat.parent.name)] = int(rest.split()[_RANK])
    return found


@contextmanager
def realtime() -> Iterator[None]:
    """Run the calling thread under SCHED_FIFO, with its memory locked and its garbage frozen.

    Threads and processes that it starts in between are ordinary ones.

    Raises:
        RunError: the system refuses; the message holds the command that grants it.
    """
    before = os.sched_getscheduler(0) | os.SCHED_RESET_ON_FORK, os.sched_getparam(0)
    first = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, first, os.sched_param(PRIORITY))
    except OSError as problem:
        raise RunError(f"no real-time priority: {problem.strerror}; {GRANT}") from problem
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if libc.mlockall(_LOCK_ALL):
            reason = os.strerror(ctypes.get_errno())
            raise RunError(f"memory cannot be locked: {reason}; {GRANT}")
        gc.collect()
        gc.freeze()
        yield
    finally:
        gc.unfreeze()
        libc.munlockall()
        # The flag stays: taking it off is a right of its own.
        with suppress(OSError):
            os.sched_setscheduler(0, *before)
