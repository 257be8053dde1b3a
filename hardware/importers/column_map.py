"""`ColumnMap`: which column of a foreign log is what, as a TOML file says."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ashore.hardware.errors import LogError, SpecError
from ashore.hardware.importers.samples import OF_BASE, PER_JOINT
from ashore.hardware.tables import read_mapping, read_table

UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9},
    "position": {"rad": 1.0, "deg": math.pi / 180},
    "velocity": {"rad/s": 1.0, "deg/s": math.pi / 180, "rpm": math.pi / 30},
    "current": {"A": 1.0, "mA": 1e-3},
    "voltage": {"V": 1.0, "mV": 1e-3},
    "temperature": {"degC": 1.0},
    "duty": {"1": 1.0, "percent": 1e-2},
    "command": {"rad": 1.0, "deg": math.pi / 180},
    "gyro": {"rad/s": 1.0, "deg/s": math.pi / 180},
    "gravity": {"1": 1.0},
    "acceleration": {"m/s^2": 1.0, "g": 9.80665},
}
"""Units of each signal, and what one of it is in SI."""
_GUESSED = ("time", "temperature", "duty", "gravity")
"""Signals whose unit need not be said; it is the first one."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where a signal is."""

    columns: tuple[str, ...] = ()
    """Columns of a CSV file, one a joint or axis; or one array of an archive, `(T, nj)`."""
    unit: str = ""
    """One of `UNITS`."""
    step: str | float = ""
    """Time between samples, or the name of the array that holds it; for `time` alone."""


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """Which column is what."""

    robot: str
    """Name of the robot."""
    signals: Mapping[str, Columns]
    """Where each signal is; `time` and `position` at least."""
    joints: tuple[str, ...] = ()
    """Names of the joints, in the order of the columns."""
    optional: bool = False
    """Whether signals that are not there are left out, except the position."""
    path: str = field(default="", compare=False)
    """The file that said so."""

    def scale(self, signal: str) -> float:
        """What one of a signal's unit is in SI."""
        units = UNITS[signal]
        return units[self.signals[signal].unit or next(iter(units))]

    @classmethod
    def load(cls, name: str | Path) -> "ColumnMap":
        """Read a map from a file, or one that ships by its name.

        Raises:
            LogError: there is none, or it says what cannot be.
        """
        shipped = shipped_maps()
        path = shipped.get(str(name), Path(name))
        try:
            return _read(tomllib.loads(path.read_text(encoding="utf-8")), path)
        except OSError as error:
            raise LogError(
                f"cannot read the column map {name}: {error.strerror}; shipped maps are "
                f"{', '.join(shipped)}"
            ) from None
        except (ValueError, SpecError) as error:
            raise LogError(f"{path}: {error}") from None


def shipped_maps() -> dict[str, Path]:
    """Maps that come with the package, by name."""
    folder = Path(str(resources.files("ashore.hardware"))) / "importers" / "maps"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _read(data: dict[str, object], path: Path) -> ColumnMap:
    robot, joints = data.pop("robot", None), data.pop("joints", [])
    optional = data.pop("optional", False)
    if not isinstance(robot, str) or not robot:
        raise SpecError(f'robot is {robot!r}; allowed: the robot\'s name, robot = "NAME"')
    if not isinstance(optional, bool):
        raise SpecError(f"optional is {optional!r}; allowed: true or false")
    signals = {name: _columns(name, table) for name, table in data.items()}
    for name in ("time", "position"):
        if name not in signals:
            raise SpecError(f"[{name}] is missing; add it, with its columns")
    return ColumnMap(
        robot=robot, joints=_names("joints", joints), signals=signals, optional=optional,
        path=str(path),
    )


def _columns(name: str, table: object) -> Columns:
    if name not in UNITS:
        raise SpecError(f"unknown table [{name}]; known are {', '.join(UNITS)}")
    about = read_mapping(table, name)
    about["columns"] = _names(f"{name}.columns", about.get("columns", []))
    found = read_table(Columns, about, name)
    if not found.columns and not (name == "time" and found.step):
        raise SpecError(f"{name}.columns is missing; add it, with the names of its columns")
    if not isinstance(found.step, (str, float, int)) or (found.step and name != "time"):
        raise SpecError(f"{name}.step is {found.step!r}; allowed: for time, seconds or a name")
    if found.unit not in UNITS[name] and (found.unit or name not in _GUESSED):
        raise SpecError(f"{name}.unit is {found.unit!r}; allowed: {', '.join(UNITS[name])}")
    if name in OF_BASE and len(found.columns) not in (1, 3):
        raise SpecError(f"{name}.columns are {len(found.columns)}; allowed: x, y, z, or one array")
    return found


def _names(where: str, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SpecError(f"{where} is {names!r}; allowed: a list of texts")
    return tuple(names)


PER_ROW = ("position", "command", *PER_JOINT)
"""Signals that have a number a joint."""
