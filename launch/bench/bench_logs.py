"""The benchmark of logs: written and read beside the mcap library's own loop; a first plot."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ashore.hardware.exporters.csv_folder import export_csv
from ashore.hardware.exporters.npz_archive import export_npz
from ashore.hardware.exporters.parquet_folder import export_parquet
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.figure import Row, error_row, row
from ashore.launch.bench.mcap_peer import convert_with_mcap, read_with_mcap, write_with_mcap

Export = Callable[[Path, Path], str | None]
ROBOT, RATE = "quadruped", 200.0
MEANINGS = {
    "write_vs_mcap": "readings and commands of twelve joints a second, written offline; the mcap "
    "library's own writer is given the same JSON texts by a loop of its own, chunks alike",
    "read_vs_mcap": "readings and commands a second, read into tables; the library's own reader "
    "with json.loads and a list a signal",
    "convert_csv_vs_mcap": "readings and commands a second, from a log to a folder of CSV files "
    "that come back bit for bit; the library's own reader with json.loads and csv.writer",
    "convert_": "the same to a numpy archive, and to Parquet where pyarrow is here",
    "first_plot_seconds": "from a process's start to twelve joints' angles over the whole log, in "
    "a log of 12 joints at 200 Hz; `1h` is an hour of it",
    "first_plot_cold_seconds": "the same of a log of which nothing is in the system's memory",
    "first_plot_memory": "resident memory at that moment beside that of a log of a tenth of the "
    "length; an hour's content would be hundreds of megabytes",
}
"""What the figures mean, by the beginning of their names."""
PLOT = """
import sys
from pathlib import Path
from ashore.hardware.logs.log_view import LogView
view = LogView(Path(sys.argv[1]))
found = view.table("/reading", ("position",), *view.span, 1500)
assert found["position"].shape[1] == 12 and len(found["time"]) > 1000
status = Path("/proc/self/status").read_text().split()
print(status[status.index("VmHWM:") + 1])
"""
"""A process that opens a log and has what a first plot shows."""
TURNS = 3


def run(data_dir: Path, short: bool) -> list[Row]:
    """Write, read and look at logs of twelve joints at 200 Hz.

    Args:
        data_dir: not used here.
        short: of six minutes instead of an hour.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rows = _beside_mcap(root, 20.0 if short else 60.0)
        long, mark = (360.0, "6min") if short else (3600.0, "1h")
        write(root / "long.mcap", long)
        write(root / "part.mcap", long / 10.0)
        cold, _ = _plot(root / "long.mcap", forget)
        seconds, memory = _plot(root / "long.mcap", remember)
        part = _plot(root / "part.mcap", remember)[1]
        rows.append(row(f"first_plot_seconds_{mark}", seconds, "s"))
        rows.append(row(f"first_plot_cold_seconds_{mark}", cold, "s"))
        rows.append(error_row("first_plot_memory", memory, "MB", "a tenth of the log", part))
        size = (root / "long.mcap").stat().st_size / 1e6
        rows.append(row(f"log_size_{mark}", size, "MB"))
    return rows


def readings(seconds: float) -> list[Reading]:
    """What twelve joints and an inertial sensor of a moving robot might say."""
    count, joints = round(seconds * RATE), len(RobotSpec.load(ROBOT).joints)
    dice, phase = np.random.default_rng(0), np.linspace(0.0, 3.0, joints)
    noise = dice.normal(0.0, 1e-3, (count, 5, joints))
    found = []
    for row_, shake in enumerate(noise):
        now = row_ / RATE
        found.append(Reading(
            time=now,
            position=np.sin(3.0 * now + phase) + shake[0],
            velocity=3.0 * np.cos(3.0 * now + phase) + shake[1],
            current=0.3 * np.sin(3.0 * now + phase) + shake[2],
            voltage=11.9 + shake[3],
            temperature=np.round(40.0 + shake[4]),
            age=np.zeros(joints),
            fault=np.zeros(joints, np.uint8),
        ))
    return found


def write(path: Path, seconds: float) -> float:
    """Write a log of that length as an import does; return how many seconds it took."""
    spec, block = RobotSpec.load(ROBOT), readings(min(seconds, 60.0))
    began = time.perf_counter()
    with LogWriter(path, LogHeader(robot=ROBOT, spec=spec.to_json()), offline=True) as log:
        for begin in range(0, round(seconds * RATE), len(block)):
            for reading in block if begin == 0 else _later(block, begin / RATE):
                log.reading(reading)
                log.command(reading.time, Command(position=reading.position))
    return time.perf_counter() - began


def _peer(path: Path, seconds: float) -> float:
    return write_with_mcap(path, readings(seconds))


def _later(block: list[Reading], seconds: float) -> Iterator[Reading]:
    """The same readings some time later."""
    return (replace(reading, time=reading.time + seconds) for reading in block)


def read(path: Path) -> float:
    """Read a log into tables; return the seconds."""
    began = time.perf_counter()
    Log.open(path)
    return time.perf_counter() - began


def convert(path: Path, export: Export) -> float:
    """Export a log beside itself; return the seconds."""
    out = path.with_name("exported.npz")
    began = time.perf_counter()
    export(path, out)
    seconds = time.perf_counter() - began
    shutil.rmtree(out) if out.is_dir() else out.unlink()
    return seconds


def _beside_mcap(root: Path, seconds: float) -> list[Row]:
    ours, theirs = root / "ours.mcap", root / "theirs.mcap"
    count = 2.0 * seconds * RATE

    def fresh(path: Path, make: Callable[[Path, float], float]) -> float:
        path.unlink(missing_ok=True)
        return make(path, seconds)

    written = [(fresh(ours, write), fresh(theirs, _peer)) for _ in range(TURNS)]
    taken = [(read(ours), read_with_mcap(ours)) for _ in range(TURNS)]
    turned = [(convert(ours, export_csv), convert_with_mcap(ours)) for _ in range(TURNS)]
    rows, peer = [], "the mcap library's own loop"
    named = {"write": written, "read": taken, "convert_csv": turned}
    for name, pairs in named.items():
        mine, other = (count / float(np.median(each)) for each in zip(*pairs, strict=True))
        ratio = float(np.median([theirs_ / mine_ for mine_, theirs_ in pairs]))
        rows.append(row(f"{name}_vs_mcap", mine, "messages/s", peer, other, ratio))
    others: dict[str, Export] = {"npz": export_npz}
    if find_spec("pyarrow"):
        others["parquet"] = export_parquet
    for name, export in others.items():
        rate = count / float(np.median([convert(ours, export) for _ in range(TURNS)]))
        rows.append(row(f"convert_{name}", rate, "messages/s"))
    return rows


def forget(path: Path) -> None:
    """Have the system keep nothing of a file in memory, so that it is read from the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def remember(path: Path) -> None:
    """Have the system keep a file in memory."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def _plot(path: Path, before: Callable[[Path], object]) -> tuple[float, float]:
    """Seconds to a first plot, and the memory it took [MB], in a process of its own."""
    best, memory = np.inf, 0.0
    for _ in range(TURNS):
        before(path)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", PLOT, str(path)], capture_output=True, text=True, check=True
        )
        best = min(best, time.perf_counter() - began)
        memory = float(done.stdout) / 1e3
    return best, memory
