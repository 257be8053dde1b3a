"""MuJoCo's C library, for the little that its Python package does not hand on."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import mujoco

from ashore.envs.errors import ModelError

THREADS = "ASHORE_THREADS"
"""Name in the environment of how many threads a batch has that was not asked for a number."""
_NAMES = ("libmujoco.so*", "libmujoco*.dylib", "mujoco.dll")


@cache
def library() -> ctypes.CDLL:
    """The library that the Python package runs on, already loaded.

    Raises:
        ModelError: it is not where the package keeps it.
    """
    folder = Path(mujoco.__file__).parent
    found = [path for name in _NAMES for path in sorted(folder.glob(name))]
    if not found:
        raise ModelError(
            f"no MuJoCo library ({', '.join(_NAMES)}) in {folder}; install the mujoco package from "
            "PyPI, which brings it along"
        )
    return ctypes.CDLL(str(found[0]))


def set_for_batch(model: mujoco.MjModel) -> None:
    """Switch off what a batch of robots is better without, in a model's own options.

    MuJoCo's resets: it would put a diverged robot back at its start in silence, for nobody to
    count. The search for islands in a model of one tree: all of its constraints are one island.
    """
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    if model.ntree == 1:
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)


def thread_count(asked: int) -> int:
    """Threads for a batch: as many as asked for, or else as this process may take; 0 for all.

    Whoever runs several processes on one machine says so in the environment (`THREADS`).
    """
    allowed = os.environ.get(THREADS, "")
    return asked or (int(allowed) if allowed.isdecimal() else 0)


@contextmanager
def untimed() -> Iterator[None]:
    """Let MuJoCo's profiler rest, which takes a tenth of the time of small models.

    The Python package installs a clock as `mjcb_time`, read some thirty times a physics step.

    Source: MuJoCo documentation, "Installing this callback enables the built-in profiler".
    """
    clock = ctypes.c_void_p.in_dll(library(), "mjcb_time")
    kept = clock.value
    clock.value = None
    try:
        yield
    finally:
        clock.value = kept
