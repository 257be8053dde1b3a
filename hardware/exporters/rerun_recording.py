"""A log as a recording of the Rerun viewer: scalars by name, events as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ashore.hardware.exporters.log_layout import KINDS, LogLayout
from ashore.hardware.exporters.log_parts import Rows, parts, survey
from ashore.hardware.exporters.optional import optional
from ashore.hardware.new_place import new_place

TIMELINE = "robot_time"
"""The timeline: the robot's clock [s]."""
LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR"}
"""Rerun's name of each level of an event."""
_LEFT_OUT = frozenset(("order", "sequence", "host_time", "robot_time", "time"))


def export_rerun(path: str | Path, out: str | Path) -> str | None:
    """Write an .rrd file; raw bytes stay behind, and rows whose time is not finite.

    Entities are called by table, signal and column, `reading/position/front_left_hip`; events are
    texts under `event/KIND`.

    Returns:
        What of the log was lost before, or None.

    Raises:
        LogError: rerun-sdk is absent, `path` is no log, `out` exists, or the disk refuses.
    """
    with optional():
        import rerun as rr
    layout = survey(path)
    with new_place(Path(out)) as place:
        recording = rr.RecordingStream("ashore", recording_id=Path(path).stem)
        recording.save(place)
        recording.send_recording_name(layout.header.robot or "log")
        for part in parts(path, layout):
            for table, rows in part.items():
                if table == "event":
                    for time, entity, level, text in _events(rows):
                        recording.set_time(TIMELINE, duration=_nanoseconds(time))
                        recording.log(entity, rr.TextLog(text, level=level))
                    continue
                times = np.asarray(rows["time"])[:, 0]
                good = np.isfinite(times)
                index = rr.TimeColumn(TIMELINE, duration=_nanoseconds(times[good]))
                for entity, values in _scalars(layout, table, rows):
                    scalars = rr.Scalars.columns(scalars=values[good])
                    recording.send_columns(entity, indexes=[index], columns=scalars)
        recording.flush()
        recording.disconnect()
    return layout.damage


def _nanoseconds(seconds: Any) -> Any:
    """Times as Rerun keeps them; of seconds it would cut off what is less, not round."""
    return np.rint(np.asarray(seconds) * 1e9).astype("timedelta64[ns]")


def _scalars(layout: LogLayout, table: str, rows: Rows) -> Iterator[tuple[str, np.ndarray]]:
    for signal in layout.table(table).signals:
        if signal.name in _LEFT_OUT or signal.kind not in KINDS:
            continue
        values = np.asarray(rows[signal.name], np.float64)
        for column, element in enumerate(signal.elements):
            words = [table, *signal.name.split("."), *element.split(".")]
            yield entity_path(words), values[:, column]


def _events(rows: Rows) -> Iterator[tuple[float, str, str, str]]:
    times = np.asarray(rows["time"])[:, 0].tolist()
    for time, level, kind, text in zip(
        times, rows["level"], rows["kind"], rows["text"], strict=True
    ):
        if np.isfinite(time):
            name = LEVELS.get(str(level), str(level).upper())
            yield time, entity_path(["event", str(kind)]), name, str(text)


def entity_path(words: list[str]) -> str:
    """Rerun's path of an entity; what it would read as syntax is escaped."""
    whole = ["".join(c if c.isalnum() or c in "-_." else f"\\{c}" for c in w) for w in words if w]
    return "/".join(whole)
