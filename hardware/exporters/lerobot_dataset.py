"""The episodes of a policy in a log, as a LeRobotDataset.

Source: huggingface/lerobot 0.4.4, dataset format v3.0: paths, info.json and the columns of
`meta/episodes` as `LeRobotDataset` and `LeRobotDatasetMetadata` write and read them.
"""

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.lerobot_frames import FEATURES, LeRobotFrames, Placed
from ashore.hardware.exporters.log_layout import LogLayout
from ashore.hardware.exporters.log_parts import survey
from ashore.hardware.exporters.optional import optional
from ashore.hardware.exporters.running_stats import RunningStats
from ashore.hardware.logs.column_names import AXES, ColumnNames
from ashore.hardware.new_place import new_place

VERSION = "v3.0"
"""The dataset format's version."""
BATCH = 10_000
"""Frames of a row group."""
FILE = "chunk-000/file-000.parquet"
PLACES = tuple(
    f"{where}/{what}_index" for where in ("data", "meta/episodes") for what in ("chunk", "file")
)
COUNTERS = ("timestamp", "frame_index", "episode_index", "index", "task_index")


class LeRobotExport(NamedTuple):
    """What an export found."""

    episodes: int
    """Episodes of the policy."""
    frames: int
    """Frames in all of them."""
    resampled: int
    """Frames that were repeated or replaced, so that all are a period apart."""
    damage: str | None
    """What of the log was lost before, or None."""


def export_lerobot(path: str | Path, out: str | Path) -> LeRobotExport:
    """Write a dataset: an episode for each stretch in which a policy ran.

    `observation.state` is the joint angles [rad], `observation.velocity` [rad/s],
    `observation.gyro` [rad/s] and `observation.gravity` where the log has them, `action` the
    commanded angles [rad]; float32. A frame's timestamp is its number over the spec's rate [s].

    Raises:
        LogError: pyarrow is absent, the log has no spec with a rate, no episode, or a gap of a
            second in one; `out` exists, or the disk refuses.
    """
    with optional():
        import_module("pyarrow")
    layout = survey(path)
    rate = ColumnNames(layout.header).rate
    if rate is None:
        raise LogError(
            f"{path} says no rate: its header has no robot's spec, and a LeRobotDataset is frames "
            "at a fixed rate; record with a robot's spec"
        )
    frames = LeRobotFrames(Path(path), rate)
    with new_place(Path(out)) as folder:
        dataset = _Dataset(folder, layout, rate)
        with dataset.writer() as writer:
            source = iter(frames)
            while batch := list(islice(source, BATCH)):
                writer.write_table(dataset.table(batch))
        if not dataset.lengths:
            raise LogError(
                f"{path} holds no episode: no stretch in which a policy ran and was answered; "
                "record one with `ashore record`"
            )
        dataset.finish()
    total = sum(dataset.lengths)
    return LeRobotExport(len(dataset.lengths), total, frames.resampled, layout.damage)


class _Dataset:
    """A dataset that is being written."""

    def __init__(self, folder: Path, layout: LogLayout, rate: float) -> None:
        self.lengths: list[int] = []
        self._folder, self._rate, self._frames = folder, rate, 0
        self._robot = layout.header.robot
        self._names = _features(layout)
        self._tasks: list[str] = []
        self._of_episode: list[str] = []
        self._stats: list[Mapping[str, list[float]]] = []
        self._all, self._now = self._new_stats(), self._new_stats()
        for name in ("data/chunk-000", "meta/episodes/chunk-000"):
            (folder / name).mkdir(parents=True)

    def writer(self) -> Any:
        """Open the file of the frames."""
        import pyarrow.parquet as pq

        return pq.ParquetWriter(self._folder / "data" / FILE, self._schema())

    def _schema(self) -> Any:
        import pyarrow as pa

        columns = []
        for name, names in self._names.items():
            # A feature of one number is a plain column to LeRobot, not a list of one.
            kind = pa.float32() if len(names) == 1 else pa.list_(pa.float32(), len(names))
            columns.append(pa.field(name, kind))
        counters = [pa.field("timestamp", pa.float32())]
        return pa.schema(columns + counters + [pa.field(name, pa.int64()) for name in COUNTERS[1:]])

    def table(self, batch: list[Placed]) -> Any:
        """Count the frames in, and return them as an Arrow table."""
        import pyarrow as pa

        counters = np.array(list(self._counted(batch)), np.float64)
        arrays = []
        rows: dict[str, Any] = {}
        for name, names in self._names.items():
            values = np.array([frame.values[name] for frame in batch], np.float32)
            rows[name] = values.astype(np.float64)
            flat = pa.array(values.ravel(), pa.float32())
            whole = len(names) == 1
            arrays.append(flat if whole else pa.FixedSizeListArray.from_arrays(flat, len(names)))
        for column, name in enumerate(COUNTERS):
            rows[name] = counters[:, [column]]
            kind = np.float32 if name == "timestamp" else np.int64
            arrays.append(pa.array(counters[:, column].astype(kind)))
        self._measure(rows, counters[:, 2].astype(int))
        return pa.Table.from_arrays(arrays, schema=self._schema())

    def _counted(self, batch: list[Placed]) -> Iterator[tuple[float, ...]]:
        for frame in batch:
            while len(self.lengths) <= frame.episode:
                self.lengths.append(0)
                self._of_episode.append(frame.task)
            if frame.task not in self._tasks:
                self._tasks.append(frame.task)
            number = self.lengths[frame.episode]
            task = self._tasks.index(frame.task)
            yield number / self._rate, number, frame.episode, self._frames, task
            self.lengths[frame.episode] += 1
            self._frames += 1

    def _new_stats(self) -> dict[str, RunningStats]:
        widths = {name: len(names) for name, names in self._names.items()}
        return {name: RunningStats(widths.get(name, 1)) for name in (*widths, *COUNTERS)}

    def _measure(self, rows: dict[str, Any], episodes: Any) -> None:
        for episode in np.unique(episodes):
            while len(self._stats) < episode:
                self._end_episode()
            for name, values in rows.items():
                self._now[name].add(values[episodes == episode])
        for name, values in rows.items():
            self._all[name].add(values)

    def _end_episode(self) -> None:
        """Keep what was found of an episode, and begin with the next."""
        self._stats.append({
            f"stats/{name}/{key}": value
            for name, stats in self._now.items()
            for key, value in stats.result().items()
        })
        self._now = self._new_stats()

    def finish(self) -> None:
        """Write what describes the frames."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._end_episode()
        meta = self._folder / "meta"
        total = {name: stats.result() for name, stats in self._all.items()}
        (meta / "stats.json").write_text(json.dumps(total, indent=4), encoding="utf-8")
        (meta / "info.json").write_text(json.dumps(self._info(), indent=4), encoding="utf-8")
        pq.write_table(pa.Table.from_pylist(list(self._episodes())), meta / "episodes" / FILE)
        tasks = pa.table({"task_index": range(len(self._tasks)), "task": self._tasks})
        # LeRobot looks tasks up in a pandas frame whose index they are.
        kinds = {"task_index": ("int64", "int64"), "task": ("unicode", "object")}
        columns = [
            {"name": n, "field_name": n, "pandas_type": p, "numpy_type": k, "metadata": None}
            for n, (p, k) in kinds.items()
        ]
        index = {"index_columns": ["task"], "columns": columns, "column_indexes": []}
        tasks = tasks.replace_schema_metadata({"pandas": json.dumps(index)})
        pq.write_table(tasks, meta / "tasks.parquet")

    def _episodes(self) -> Iterator[dict[str, object]]:
        begin = 0
        for episode, length in enumerate(self.lengths):
            yield {
                "episode_index": episode,
                "tasks": [self._of_episode[episode]],
                "length": length,
                **dict.fromkeys(PLACES, 0),
                "dataset_from_index": begin,
                "dataset_to_index": begin + length,
                **self._stats[episode],
            }
            begin += length

    def _info(self) -> dict[str, object]:
        counters = dict.fromkeys(COUNTERS, ("int64", 1, None)) | {
            "timestamp": ("float32", 1, None)
        }
        own = {name: ("float32", len(names), list(names)) for name, names in self._names.items()}
        features = {
            name: {"dtype": kind, "shape": [width], "names": names}
            for name, (kind, width, names) in {**own, **counters}.items()
        }
        return {
            "codebase_version": VERSION,
            "robot_type": self._robot,
            "total_episodes": len(self.lengths),
            "total_frames": sum(self.lengths),
            "total_tasks": len(self._tasks),
            "chunks_size": 1000,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": int(self._rate) if self._rate.is_integer() else self._rate,
            "splits": {"train": f"0:{len(self.lengths)}"},
            "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "video_path": None,
            "features": features,
        }


def _features(layout: LogLayout) -> dict[str, tuple[str, ...]]:
    """Names of each feature's elements; of a feature that was never measured, none."""
    found = {signal.name: signal for signal in layout.table("reading").signals}
    command = next(s for s in layout.table("command").signals if s.name == "position")
    names: dict[str, tuple[str, ...]] = {}
    for feature, key in FEATURES.items():
        if key in found and found[key].width:
            names[feature] = AXES if key in ("gyro", "gravity") else found[key].elements
    return {**names, "action": command.elements}
