"""`Term`: one range of a randomization."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter_set import Each

Array = NDArray[np.float64]
Operation = Literal["set", "scale", "add"]
Mode = Literal["startup", "reset", "interval"]

SIGNS: dict[Operation, str] = {"set": "=", "scale": "*", "add": "+"}


@dataclass(frozen=True, kw_only=True)
class Term:
    """A uniform range of a parameter: set, scaled or added to the remembered nominal."""

    parameter: str
    """Name of a parameter of the simulation."""
    low: float
    """Lower end of the range."""
    high: float
    """Upper end of the range."""
    operation: Operation = "set"
    """What the drawn number does to the nominal value."""
    mode: Mode = "reset"
    """When it is drawn: once a robot, at each episode's start, or again and again during it."""
    on: tuple[str, ...] = ()
    """Elements it is for, as shell patterns: joints, bodies, axes; empty for all."""
    each: Each = "element"
    """What has a number of its own: each element, each limb, or the robot."""
    every: tuple[float, float] = (0.0, 0.0)
    """Of mode interval: shortest and longest time between two draws [s]."""
    hold: float = inf
    """Of mode interval: how long a drawn value lasts before the episode's own is back [s]."""
    name: str = ""
    """The term's name; empty for the parameter's."""

    def __post_init__(self) -> None:
        """Refuse an empty range, unknown words, and an interval that isn't one."""
        if not (self.low <= self.high and isfinite(self.low) and isfinite(self.high)):
            raise ModelError(f"term {self.title}: low {self.low} is above high {self.high}")
        for what, found, known in (
            ("operation", self.operation, get_args(Operation)),
            ("mode", self.mode, get_args(Mode)),
            ("each", self.each, get_args(Each)),
        ):
            if found not in known:
                raise ModelError(
                    f"term {self.title}: {what} is {found!r}; allowed: {', '.join(known)}"
                )
        shortest, longest = self.every
        if self.mode == "interval" and not 0.0 < shortest <= longest < inf:
            raise ModelError(
                f"term {self.title}: every is {list(self.every)}; allowed: two times in s, "
                "the shorter first and above 0"
            )
        if not self.hold > 0.0:
            raise ModelError(f"term {self.title}: hold is {self.hold}; allowed: above 0 s")

    @property
    def title(self) -> str:
        """The name that people know it by."""
        return self.name or self.parameter

    def __str__(self) -> str:
        where = f"[{', '.join(self.on)}]" if self.on else ""
        named = "" if self.title == self.parameter else f"{self.name}: "
        drawn = f"{SIGNS[self.operation]}U({self.low:g}, {self.high:g})"
        return f"{named}{self.parameter}{where} {drawn}"

    def of(self, value: Array | float, unit: Array) -> Array:
        """Value of the parameter for numbers `unit` drawn uniformly from 0 to 1."""
        return self.operate(value, self.low + (self.high - self.low) * unit)

    def operate(self, value: Array | float, number: Array) -> Array:
        """Set, scale or add `number`."""
        if self.operation == "scale":
            return np.asarray(value * number)
        return np.asarray(value + number if self.operation == "add" else number + 0.0 * value)

    def reach(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Smallest and largest values that come of values between `low` and `high`."""
        ends = [self.operate(v, np.array(n)) for v in (low, high) for n in (self.low, self.high)]
        return np.min(ends, axis=0), np.max(ends, axis=0)

    def to_toml(self) -> str:
        """The term's table, as `from_table` reads it."""
        lines = [f"[{json.dumps(self.title)}]", f"parameter = {json.dumps(self.parameter)}"]
        lines.append(f"{self.operation} = [{self.low!r}, {self.high!r}]")
        lines.append(f"mode = {json.dumps(self.mode)}")
        lines.append(f"each = {json.dumps(self.each)}")
        lines += [f"on = {json.dumps(list(self.on))}"] if self.on else []
        if self.mode == "interval":
            lines.append(f"every = [{self.every[0]!r}, {self.every[1]!r}]")
            lines += [f"hold = {self.hold!r}"] if isfinite(self.hold) else []
        return "\n".join(lines) + "\n"

    @classmethod
    def from_table(cls, name: str, table: Any) -> "Term":
        """Read a term from its table in a robot's randomization.toml.

        The range is under the operation's name: `scale = [0.8, 1.2]`.

        Raises:
            ModelError: an unknown or a missing key, or a value that cannot be.
        """
        if not isinstance(table, Mapping):
            raise ModelError(f"{name} is {table!r}; allowed: a [{name}] table")
        rest = dict(table)
        given = [key for key in SIGNS if key in rest]
        if len(given) != 1:
            raise ModelError(
                f"term {name}: give one range, as set, scale or add = [low, high]; "
                f"found {', '.join(given) or 'none'}"
            )
        low, high = _pair(f"term {name}: {given[0]}", rest.pop(given[0]))
        if "every" in rest:
            rest["every"] = _pair(f"term {name}: every", rest["every"])
        on = rest.pop("on", ())
        rest["on"] = (on,) if isinstance(on, str) else tuple(on)
        known = {"parameter", "mode", "each", "every", "hold", "on"}
        if unknown := sorted(set(rest) - known):
            raise ModelError(
                f"term {name}: unknown key {unknown[0]!r}; known keys: "
                f"{', '.join(sorted(known | set(SIGNS)))}"
            )
        rest.setdefault("parameter", name)
        return cls(name=name, low=low, high=high, operation=given[0], **rest)


def _pair(where: str, found: Any) -> tuple[float, float]:
    if (
        isinstance(found, (list, tuple))
        and len(found) == 2
        and all(type(x) in (int, float) for x in found)
    ):
        return float(found[0]), float(found[1])
    raise ModelError(f"{where} is {found!r}; allowed: two numbers [low, high]")
