"""What an environment takes of memory, measured in a process of its own."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from ashore.policies.errors import TrainingError

_STATUS = Path("/proc/self/status")
_MEBI = 1024.0
"""Kibibytes, in which Linux counts, in a mebibyte."""


def growth(maker: str, robots: int, threads: int = 0) -> float | None:
    """Resident memory that an environment adds to a fresh process [MiB].

    The environment is made, reset and stepped a few times there; what its modules take is not
    counted. None on systems that don't tell a process its size as Linux does.

    Args:
        maker: `module:function` that makes the environment of a number of robots and threads.
        robots: how many robots.
        threads: of the batch.

    Raises:
        TrainingError: the environment could not be made; with the process's last line.
    """
    if not _STATUS.exists():
        return None
    asked = f"from {__name__} import measure; measure({maker!r}, {robots}, {threads})"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrainingError(f"{maker} with {robots} robots could not be measured: {last}")
    return float(done.stdout.split()[-1])


def measure(maker: str, robots: int, threads: int) -> None:
    """Print by how much this process grows; what `growth` runs."""
    module, _, name = maker.partition(":")
    make = getattr(import_module(module), name)
    make(1, 1)  # what the first environment brings along for all
    before = resident()
    env = make(robots, threads)
    env.reset()
    for _ in range(3):
        env.step(env.action_space.sample()[None].repeat(robots, axis=0))
    print(resident() - before)


def resident(process: str = "self") -> float:
    """Resident memory of a process, by its number, or of this one [MiB]."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    return float(kibibytes) / _MEBI
