"""Reading a table of a spec file into a dataclass, with errors that name the key."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from ashore.hardware.errors import SpecError


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=_Dataclass)

Vector3 = tuple[float, float, float]

_KINDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "true or false",
}


def read_table(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Build dataclass `cls` from `table`, refusing unknown, missing and mistyped keys.

    Only fields of type int, float, str and bool are read; the caller passes the others already
    built. `where` is the path of the table inside its file, such as `joints[0]`.

    Raises:
        SpecError: naming the key, the value found and what is allowed.
    """
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise SpecError(_unknown(f"{where}.{key}".lstrip("."), key, list(known)))
        values[key] = _cast(hints[key], value, f"{where}.{key}".lstrip("."))
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            path = f"{where}.{name}".lstrip(".")
            raise SpecError(f"{path} is missing; add it, as {_kind(hints[name])}")
    return cls(**values)


def read_mapping(table: Any, where: str) -> dict[str, Any]:
    """Copy a table.

    Raises:
        SpecError: it is something else.
    """
    if not isinstance(table, Mapping):
        raise SpecError(f"{where} is {table!r}; allowed: a [{where}] table")
    return dict(table)


def read_tables(cls: type[T], tables: Any, where: str) -> tuple[T, ...]:
    """Build a dataclass from each of a list of tables.

    Raises:
        SpecError: naming the key, the value found and what is allowed.
    """
    if not isinstance(tables, (list, tuple)) or not all(isinstance(t, Mapping) for t in tables):
        raise SpecError(f"{where} is {tables!r}; allowed: one [[{where}]] table each")
    return tuple(read_table(cls, table, f"{where}[{i}]") for i, table in enumerate(tables))


def vector3(where: str, value: Any) -> Vector3:
    """Check three finite numbers.

    Raises:
        SpecError: they are not.
    """
    whole = (
        isinstance(value, (list, tuple))
        and len(value) == 3
        and all(type(x) in (int, float) and math.isfinite(x) for x in value)
    )
    allowed(where, value, whole, "three finite numbers [x, y, z]")
    return (float(value[0]), float(value[1]), float(value[2]))


def allowed(where: str, found: object, condition: bool, allowance: str) -> None:
    """Refuse a value that does not meet `condition`.

    Raises:
        SpecError: naming the key, the value found and what is allowed.
    """
    if not condition:
        raise SpecError(f"{where} is {found!r}; allowed: {allowance}")


def _unknown(path: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {path}; {hint}"


def _kind(hint: object) -> str:
    return _KINDS.get(hint, str(hint)) if isinstance(hint, type) else str(hint)


def _cast(hint: object, value: Any, path: str) -> Any:
    if hint == Vector3:
        return vector3(path, value)
    if hint not in _KINDS:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise SpecError(f"{path} is {value!r}; allowed: {_kind(hint)}")
    return value
