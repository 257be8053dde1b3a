"""Logs of Rhoban's BAM test bench, one servo swinging a weight, as logs of Ashore.

Source: Rhoban/bam, "Extended Friction Models for the Physics Simulation of Servo Actuators",
arXiv 2410.08650; one JSON object a motion.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_writer import LogWriter
from ashore.hardware.reading import Command, Reading

PWM_LIMIT = 885
"""PWM counts of full duty. Source: XL330 e-manual, PWM Limit (36), 0.113 % a count."""

_SETUP = {
    "mass": "mass",
    "length": "length",
    "p_gain": "kp",
    "supply_voltage": "vin",
    "motor": "motor",
    "trajectory": "trajectory",
}
"""Key of the setup by our name: kg, m, register units, V, names."""

_ROW = ("timestamp", "position", "speed", "load", "input_volts", "temp", "goal_position")


@dataclass(frozen=True)
class _Rows:
    numbers: Mapping[str, NDArray[np.float64]]
    torque: NDArray[np.bool_]


def import_bam(path: str | Path, out: str | Path) -> Path:
    """Write one BAM log as a log of the robot `servo`, and return its path.

    Each entry becomes a reading and a command of the same time. `load`, the PWM counts as an
    unwrapped uint16, becomes the reading's signed `duty` = counts / 885. The bench measures no
    current: it is NaN. Setup: mass [kg], length [m], p_gain [register units], supply_voltage [V],
    motor, trajectory, source.

    Raises:
        LogError: `path` is missing, isn't JSON, lacks a key or holds something else than the
            numbers expected, or `out` exists.
    """
    path, out = Path(path), Path(out)
    document = _document(path)
    setup = {ours: _need(document, theirs, str(path)) for ours, theirs in _SETUP.items()}
    rows = _rows(document, path)
    header = LogHeader(robot="servo", setup={**setup, "source": path.name})
    with LogWriter(out, header, offline=True) as log:
        for row in range(len(rows.torque)):
            _write(log, rows, row)
    return out


def _write(log: LogWriter, rows: _Rows, row: int) -> None:
    at = {name: column[row : row + 1] for name, column in rows.numbers.items()}
    time = float(at["timestamp"][0])
    log.reading(Reading(
        time=time,
        position=at["position"],
        velocity=at["speed"],
        current=np.full(1, np.nan),
        voltage=at["input_volts"],
        temperature=at["temp"],
        age=np.zeros(1),
        fault=np.zeros(1, np.uint8),
        torque_enabled=rows.torque[row : row + 1],
        duty=_duty(at["load"]),
    ))
    log.command(time, Command(position=at["goal_position"]))


def _duty(load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the duty of a PWM count that was read as uint16 where it is int16."""
    return np.where(load > 32767, load - 65536, load) / PWM_LIMIT


def _document(path: Path) -> Mapping[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}; check the path") from None
    except (ValueError, RecursionError) as error:
        raise LogError(f"{path} is not JSON: {error}; give a BAM log as it was recorded") from None
    if not isinstance(document, dict):
        raise LogError(
            f"{path} holds {type(document).__name__}, and a BAM log is one object with entries"
        )
    return document


def _rows(document: Mapping[str, object], path: Path) -> _Rows:
    entries = _need(document, "entries", str(path))
    if not isinstance(entries, list) or not entries:
        raise LogError(f"the entries of {path} are empty or no list; give a log with samples")
    numbers = {name: np.empty(len(entries)) for name in _ROW}
    torque = np.empty(len(entries), np.bool_)
    for index, entry in enumerate(entries):
        where = f"entry {index} of {path}"
        if not isinstance(entry, dict):
            raise LogError(f"{where} is {type(entry).__name__}, and must be an object")
        for name in _ROW:
            numbers[name][index] = _number(entry, name, where)
        torque[index] = _switch(entry, "torque_enable", where)
    return _Rows(numbers, torque)


def _need(body: Mapping[str, object], key: str, where: str) -> object:
    if key not in body:
        raise LogError(
            f"{where} has no key {key!r}; it has {', '.join(sorted(body)) or 'none'}; "
            f"give a BAM log as it was recorded"
        )
    return body[key]


def _number(entry: Mapping[str, object], key: str, where: str) -> float:
    value = _need(entry, key, where)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LogError(f"{key} in {where} is {value!r}, and must be a number; mend or drop it")
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise LogError(f"{key} in {where} is {number}, and must be finite; mend or drop it")
    return number


def _switch(entry: Mapping[str, object], key: str, where: str) -> bool:
    value = _need(entry, key, where)
    if value not in (0, 1):
        raise LogError(f"{key} in {where} is {value!r}, and must be true or false")
    return bool(value)
