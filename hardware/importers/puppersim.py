"""Logs of a Pupper quadruped from puppersim, as logs of Ashore.

Source: jietan/puppersim, numpy archives of `t`, `action`, `MotorAngle` and `IMU`.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.reading import Command, Reading

JOINTS = tuple(
    f"{leg}{part}"
    for leg in ("rightFront", "leftFront", "rightRear", "leftRear")
    for part in ("LegMotor", "UpperLegMotor", "LowerLegMotor")
)
"""The joints in the order of the logs' columns, as the authors' URDF names them."""

Array = NDArray[np.float64]


def import_puppersim(path: str | Path, out: str | Path, held: bool = False) -> Path:
    """Write one archive as a log of the robot `pupper`, and return its path.

    Each row becomes a reading of the angles and a command, of the same time. Velocities, currents
    and voltages were not recorded: they are NaN. The IMU's rows stay behind. Setup: trajectory,
    source, held, joints.

    Args:
        path: the .npz archive.
        out: the log to write.
        held: whether the robot hung in a stand, its feet off the floor.

    Raises:
        LogError: `path` is missing, is no such archive or holds something else than the numbers
            expected, or `out` exists.
    """
    path, out = Path(path), Path(out)
    columns = _columns(path)
    setup = {"trajectory": path.stem, "source": path.name, "held": held, "joints": JOINTS}
    with LogWriter(out, LogHeader(robot="pupper", setup=setup), offline=True) as log:
        for time, action, angle in zip(
            columns["t"], columns["action"], columns["MotorAngle"], strict=True
        ):
            log.reading(_reading(float(time), angle))
            log.command(float(time), Command(position=action))
    return out


def _reading(time: float, angle: Array) -> Reading:
    unknown = np.full(len(angle), np.nan)
    return Reading(
        time=time,
        position=angle,
        velocity=unknown,
        current=unknown,
        voltage=unknown,
        temperature=unknown,
        age=np.zeros(len(angle)),
        fault=np.zeros(len(angle), np.uint8),
    )


def _columns(path: Path) -> Mapping[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: np.asarray(archive[name], np.float64) for name in archive.files}
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}; check the path") from None
    except (ValueError, zipfile.BadZipFile) as error:
        raise LogError(f"{path} is no numpy archive of numbers: {error}") from None
    wanted = {"t": (), "action": (len(JOINTS),), "MotorAngle": (len(JOINTS),)}
    for name, shape in wanted.items():
        if name not in found:
            raise LogError(
                f"{path} has no array {name!r}; it has {', '.join(sorted(found)) or 'none'}; "
                "give a log of puppersim as it was recorded"
            )
        if found[name].ndim == 0 or found[name].shape != (len(found["t"]), *shape):
            raise LogError(f"{path}: {name} has shape {found[name].shape}, not (T, 12) like t")
        if not np.isfinite(found[name]).all():
            raise LogError(f"{path}: {name} holds what is not finite; mend or drop those rows")
    return found
