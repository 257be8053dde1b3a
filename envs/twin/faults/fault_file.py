"""Reading a file of faults, in sentences when it says what cannot be."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ashore.envs.errors import TwinError
from ashore.envs.twin.faults.imu_faults import ImuFault
from ashore.envs.twin.faults.kinds import KINDS, WHOLE, Kind
from ashore.envs.twin.faults.line_fault import LineFault
from ashore.envs.twin.faults.servo_faults import ServoFault
from ashore.envs.twin.faults.when import When
from ashore.hardware.errors import SpecError
from ashore.hardware.imu.codecs import CODECS
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.tables import allowed, read_table

_COMMON = [field.name for field in fields(When)]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: what happens, and when."""

    kind: Kind
    """What."""
    when: When
    """When, and to whom."""


def load_faults(path: Path, spec: RobotSpec) -> tuple[int | None, list[Fault]]:
    """Read a file of faults for a robot; return its seed, if it has one, and the faults.

    Raises:
        TwinError: it cannot be read, or says what cannot be.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return read_faults(data, spec)
    except OSError as error:
        raise TwinError(f"cannot read the faults in {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TwinError(f"{path}: it is not UTF-8 text: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise TwinError(f"{path}: not TOML: {error}; mend that line") from None
    except SpecError as error:
        raise TwinError(f"{path}: {error}") from None


def read_faults(data: Mapping[str, Any], spec: RobotSpec) -> tuple[int | None, list[Fault]]:
    """Return the seed and the faults of a file's tables.

    Raises:
        SpecError: naming the key, the value found and what is allowed.
    """
    _require_keys("", data, ["seed", "fault"], "a file of faults")
    seed, tables = data.get("seed"), data.get("fault", [])
    sound = seed is None or (type(seed) is int and seed >= 0)
    allowed("seed", seed, sound, "a whole number, 0 or more")
    several = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    allowed("fault", tables, several, "one [[fault]] table each")
    return seed, [_read(table, f"fault[{i}]", spec) for i, table in enumerate(tables)]


def _read(table: Mapping[str, Any], where: str, spec: RobotSpec) -> Fault:
    name = table.get("kind", "")
    if name not in KINDS:
        raise SpecError(_no_kind(where, name))
    cls = KINDS[name]
    own = [field.name for field in fields(cls)]
    _require_keys(where, table, ["kind", *own, *_COMMON], f"a fault of kind {name!r}")
    given = {key: value for key, value in table.items() if key in _COMMON}
    if "joints" in given:
        given["joints"] = _ids(given["joints"], f"{where}.joints", spec)
    try:
        when = read_table(When, given, where)
        kind = read_table(cls, {key: value for key, value in table.items() if key in own}, where)
        _require(kind, when, spec)
    except SpecError as error:
        text = str(error)
        raise SpecError(text if text.startswith(where) else f"{where}.{text}") from None
    return Fault(kind=kind, when=when)


def _require(kind: Kind, when: When, spec: RobotSpec) -> None:
    """Check that a fault can happen to this robot."""
    whole = isinstance(kind, WHOLE)
    allowed("joints", list(when.joints), not (whole and when.joints), "none; it strikes no joint")
    counted = isinstance(kind, LineFault)
    allowed("times", when.times, counted or not when.times, "none; it has no packets to count")
    if isinstance(kind, ServoFault):
        for joint in spec.joints:
            if not when.joints or joint.id in when.joints:
                kind.require(ControlTable.load(joint.servo))
    if isinstance(kind, ImuFault):
        has = spec.imu is not None
        allowed("kind", "of the inertial sensor", has, f"others; {spec.name} has none")
        if spec.imu is not None:
            kind.require(CODECS[spec.imu.codec])


def _ids(found: Any, where: str, spec: RobotSpec) -> tuple[int, ...]:
    """Return servo ids of a list of ids and names of joints."""
    known = dict(zip(spec.names, spec.ids, strict=True))
    allowed(where, found, isinstance(found, list) and bool(found), "a list of names or ids")
    for who in found:
        plain = type(who) in (str, int)
        if not plain or (who not in known and who not in spec.ids):
            near = get_close_matches(str(who), spec.names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"joints: {', '.join(spec.names)}"
            raise SpecError(f"{where}: {spec.name} has no joint {who!r}; {hint}")
    return tuple(known.get(who, who) for who in found)


def _no_kind(where: str, name: Any) -> str:
    near = get_close_matches(str(name), KINDS, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    found = f"{where} is of kind {name!r}, which there is not" if name else f"{where} has no kind"
    return f"{found}; {hint}kinds: {', '.join(KINDS)}"


def _require_keys(where: str, table: Mapping[str, Any], keys: list[str], what: str) -> None:
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            path = f"{where}.{key}".lstrip(".")
            raise SpecError(f"unknown key {path}; {hint}{what} has: {', '.join(keys)}")
