"""`ashore log export`."""

from collections.abc import Callable
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.csv_folder import export_csv
from ashore.hardware.exporters.lerobot_dataset import export_lerobot
from ashore.hardware.exporters.npz_archive import export_npz
from ashore.hardware.exporters.parquet_folder import export_parquet
from ashore.hardware.exporters.rerun_recording import export_rerun
from ashore.launch.console import say
from ashore.launch.log_export_request import LogExportRequest


def run_log_export(asked: LogExportRequest) -> int:
    """Write a log in another format, and say what it held.

    Raises:
        LogError: no such log or format, what is there exists, or the format cannot hold it.
    """
    form = asked.format or _guess(asked.out)
    damage = EXPORTERS[form](asked.log, asked.out)
    if damage is not None:
        say(f"the log is not whole, what is left of it was written: {damage}")
    say(f"{asked.log} -> {asked.out} ({form})")
    return 0


def _lerobot(log: Path, out: Path) -> str | None:
    result = export_lerobot(log, out)
    say(f"{result.episodes} episodes, {result.frames} frames")
    if result.resampled:
        say(f"  {result.resampled} ticks were not a period apart: frames repeated or replaced")
    return result.damage


EXPORTERS: dict[str, Callable[[Path, Path], str | None]] = {
    "csv": export_csv,
    "npz": export_npz,
    "parquet": export_parquet,
    "lerobot": _lerobot,
    "rerun": export_rerun,
}
"""What writes each format."""
_ENDS = {".npz": "npz", ".rrd": "rerun", "csv": "csv", "parquet": "parquet", "lerobot": "lerobot"}


def _guess(out: Path) -> str:
    for end, form in _ENDS.items():
        if out.name.lower().endswith(end):
            return form
    raise LogError(
        f"the name {out.name!r} does not say its format; add --format {'|'.join(EXPORTERS)}"
    )
