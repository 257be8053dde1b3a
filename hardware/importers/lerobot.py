"""LeRobotDataset v3.0 as logs of Ashore, one an episode."""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.importers.exported_parquet import open_parquet, read_batches
from ashore.hardware.importers.samples import Samples, write_samples
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.spec import RobotSpec

UNITS = ("rad", "deg", "percent")
"""What a dataset's numbers may be; percent is -100..100 between a joint's limits."""
STATE, ACTION = "observation.state", "action"
ROWS = 5_000
LARGEST = 16 * 1024 * 1024
"""Largest info.json that is read [B]."""
Array = NDArray[np.float64]


def import_lerobot(
    folder: str | Path, out: str | Path, unit: str | None, spec: RobotSpec | None = None
) -> list[Path]:
    """Write a log of each episode, `OUT_000.mcap` and so on, and return their paths.

    `observation.state` becomes the position and `action` the command of the same time.

    Args:
        folder: the dataset's folder, with meta/info.json.
        out: the path of the logs, without what is added to tell them apart.
        unit: one of `UNITS`; a dataset does not say.
        spec: the robot, for its name, its joints and their limits.

    Raises:
        LogError: pyarrow is absent, no unit is given, the dataset is damaged or of another
            version, or a log exists.
    """
    folder, out = Path(folder), Path(out)
    if unit not in UNITS:
        raise LogError(
            f"{folder} does not say whether its numbers are angles; say it: --unit "
            f"{', --unit '.join(UNITS)}"
        )
    if unit == "percent" and spec is None:
        raise LogError("percent is of a joint's range, which a robot's spec holds: give --robot")
    info = _info(folder)
    names = _names(info, folder)
    if spec is not None and len(spec.names) != len(names):
        raise LogError(f"{folder} has {len(names)} joints, and {spec.name} {len(spec.names)}")
    joints = list(spec.names) if spec else names
    robot = spec.name if spec else str(info.get("robot_type") or "robot")
    written: list[Path] = []
    rows = _rows(folder, len(names))
    for episode, samples in groupby(rows, key=lambda row: row[0]):
        target = out.with_name(f"{out.stem}_{episode:03d}.mcap")
        setup = {"source": folder.name, "episode": episode, "joints": joints, "unit": unit}
        header = LogHeader(robot=robot, setup=setup)
        batches = (_samples(time, pair, unit, spec) for _, time, pair in samples)
        written.append(write_samples(target, header, batches, folder))
    if not written:
        raise LogError(f"{folder} holds no frame; give a dataset with some")
    return written


def _info(folder: Path) -> Mapping[str, Any]:
    path = folder / "meta" / "info.json"
    try:
        with path.open("rb") as file:
            info = json.loads(file.read(LARGEST))
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}; give a dataset's folder") from None
    except (ValueError, RecursionError) as error:
        raise LogError(f"{path} is not JSON: {error}") from None
    version = info.get("codebase_version") if isinstance(info, dict) else None
    if not str(version).startswith("v3."):
        raise LogError(
            f"{path} is of version {version!r}, and v3.0 is read; convert it with LeRobot's own "
            "convert_dataset_v21_to_v30"
        )
    return dict(info)


def _names(info: Mapping[str, Any], folder: Path) -> list[str]:
    features = info.get("features")
    state = features.get(STATE) if isinstance(features, dict) else None
    shape = state.get("shape") if isinstance(state, dict) else None
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int:
        raise LogError(f"{folder} has no feature {STATE} of one row of joints")
    names = state.get("names") if isinstance(state, dict) else None
    if isinstance(names, dict):
        names = next(iter(names.values()), None)
    if not isinstance(names, list) or len(names) != shape[0]:
        return [str(i) for i in range(min(max(shape[0], 0), 1000))]
    return [str(name).removesuffix(".pos") for name in names]


def _rows(folder: Path, width: int) -> Iterator[tuple[int, Array, tuple[Array, Array]]]:
    """Episode, times and state and action of each run of rows of one episode."""
    for path in sorted((folder / "data").glob("*/*.parquet")):
        with open_parquet(path) as file:
            columns = [STATE, ACTION, "timestamp", "episode_index"]
            missing = set(columns) - set(file.schema_arrow.names)
            if missing:
                raise LogError(f"{path} has no column {min(missing)!r}")
            for batch in read_batches(path, file, columns, ROWS):
                state, action = (_matrix(batch, name, width, path) for name in (STATE, ACTION))
                time = _numbers(batch, "timestamp", path)
                episodes = _numbers(batch, "episode_index", path)
                edges = np.flatnonzero(np.diff(episodes)) + 1
                for rows in np.split(np.arange(len(time)), edges):
                    if len(rows):
                        pair = state[rows], action[rows]
                        yield int(episodes[rows[0]]), time[rows], pair


def _numbers(batch: Any, name: str, path: Path) -> Array:
    import pyarrow as pa

    try:
        values = batch.column(name).to_numpy(zero_copy_only=False)
        found = np.asarray(values, np.float64)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise LogError(f"{path}: {name} holds no numbers: {error}") from None
    if found.ndim != 1 or not np.isfinite(found).all():
        raise LogError(f"{path}: {name} holds what is not finite")
    return found


def _matrix(batch: Any, name: str, width: int, path: Path) -> Array:
    rows = batch.column(name).to_pylist()
    try:
        found = np.array(rows, np.float64).reshape(len(rows), -1)
    except (ValueError, TypeError):
        raise LogError(f"{path}: {name} holds rows that are no numbers of one width") from None
    if len(rows) and found.shape[1] != width:
        raise LogError(f"{path}: {name} has {found.shape[1]} numbers a frame, not {width}")
    return found


def _samples(time: Array, pair: tuple[Array, Array], unit: str, spec: RobotSpec | None) -> Samples:
    state, action = (_angles(values, unit, spec) for values in pair)
    return Samples(time=time, signals={"position": state, "command": action})


def _angles(values: Array, unit: str, spec: RobotSpec | None) -> Array:
    if unit == "percent" and spec is not None:
        lower, upper = spec.column("lower"), spec.column("upper")
        return lower + (values + 100.0) / 200.0 * (upper - lower)
    return values * (math.pi / 180 if unit == "deg" else 1.0)
