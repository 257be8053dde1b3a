"""`ashore import`."""

from collections.abc import Callable
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.csv_folder import HEADER
from ashore.hardware.importers.bam import import_bam
from ashore.hardware.importers.column_map import ColumnMap
from ashore.hardware.importers.exported_csv import import_csv_folder
from ashore.hardware.importers.exported_npz import import_npz_archive
from ashore.hardware.importers.exported_parquet import import_parquet_folder
from ashore.hardware.importers.lerobot import import_lerobot
from ashore.hardware.importers.mapped import import_mapped_csv, import_mapped_npz
from ashore.hardware.importers.npy_reader import open_npz
from ashore.hardware.importers.puppersim import import_puppersim
from ashore.hardware.importers.rosbag import import_rosbag
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import say
from ashore.launch.import_request import ImportRequest

Importer = Callable[[Path, Path, ImportRequest], Path | list[Path]]
SUFFIXES = (".json", ".npz", ".csv")
"""Files that are read of a folder."""


def run_import(asked: ImportRequest) -> int:
    """Write an MCAP log for each file or folder, and for each episode of a dataset."""
    found = [path for given in asked.files for path in _expand(given)]
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogError(
            f"cannot make folder {asked.out}: {error.strerror}; choose another"
        ) from None
    for path in found:
        target = asked.out / f"{path.resolve().stem}.mcap"
        written = _importer(path)(path, target, asked)
        for log in written if isinstance(written, list) else [written]:
            say(f"{path} -> {log}")
    return 0


def _lerobot(path: Path, out: Path, asked: ImportRequest) -> list[Path]:
    spec = RobotSpec.load(asked.robot) if asked.robot else None
    return import_lerobot(path, out, asked.unit, spec)


def _rosbag(path: Path, out: Path, asked: ImportRequest) -> Path:
    return import_rosbag(path, out, asked.command_topic, asked.robot or "robot")


def _csv(path: Path, out: Path, asked: ImportRequest) -> Path:
    if asked.columns is None:
        raise LogError(
            f"{path} does not say which of its columns is what; give --columns MAP.toml"
        )
    return import_mapped_csv(path, out, ColumnMap.load(asked.columns))


def _npz(path: Path, out: Path, asked: ImportRequest) -> Path:
    with open_npz(path) as archive:
        names = archive.names
    if asked.columns is None and "reading.time" in names:
        return import_npz_archive(path, out)
    if asked.columns is None and "dof_pos" not in names:
        return import_puppersim(path, out, asked.held)
    return import_mapped_npz(path, out, ColumnMap.load(asked.columns or "legged_gym"))


def _pickle(path: Path, out: Path, asked: ImportRequest) -> Path:
    raise LogError(
        f"{path} is a pickle, which can run any program when it is read, and is not; save its "
        "dictionary with numpy.savez where it came from"
    )


FOLDERS: dict[str, Importer] = {
    HEADER: lambda path, out, _: import_csv_folder(path, out),
    "reading.parquet": lambda path, out, _: import_parquet_folder(path, out),
    "meta/info.json": _lerobot,
    "metadata.yaml": _rosbag,
}
"""Importers of folders, by the file that tells of what kind one is."""
FILES: dict[str, Importer] = {
    ".npz": _npz,
    ".csv": _csv,
    **dict.fromkeys((".pkl", ".pickle"), _pickle),
    **dict.fromkeys((".db3", ".mcap"), lambda path, out, asked: _rosbag(path.parent, out, asked)),
}
"""Importers of files, by suffix; any other file is taken for BAM's JSON."""


def _importer(path: Path) -> Importer:
    if path.is_dir():
        return next(found for name, found in FOLDERS.items() if (path / name).is_file())
    return FILES.get(path.suffix, lambda path, out, _: import_bam(path, out))


def _expand(given: Path) -> list[Path]:
    if not given.is_dir() or any((given / name).is_file() for name in FOLDERS):
        return [given]
    found = sorted(path for path in given.iterdir() if path.suffix in SUFFIXES)
    if not found:
        raise LogError(
            f"folder {given} holds no {', '.join(SUFFIXES)} file, and is no exported log, "
            "LeRobotDataset or ROS 2 bag; give the folder of the logs"
        )
    return found
