"""`Randomization`: named ranges that every robot's parameters are drawn from."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.layout import Layout
from ashore.envs.randomize.term import Term
from ashore.hardware.spec import find_robot

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

FILE = "randomization.toml"


class Source(Protocol):
    """Where simulated robots come from: a randomization, a posterior, a mixture of them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that it draws."""
        ...

    @property
    def changing(self) -> tuple[Term, ...]:
        """What changes again and again while an episode runs."""
        ...

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """Draw a robot for each stream of `dice`: values by parameter, each `(n, width)`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pins:
    """Robots that are to have one term at an end of its range."""

    terms: Ids
    """Index of the term of each robot, `(n,)`; -1 for none."""
    ends: Ids
    """0 for its lower end, 1 for its upper one, `(n,)`."""


@dataclass(frozen=True, kw_only=True)
class Randomization:
    """Ranges of a robot's parameters; every draw starts from the nominal, so none compounds."""

    terms: tuple[Term, ...]
    """The ranges; of several on one parameter, each goes on from what the one before left."""

    def __post_init__(self) -> None:
        """Refuse two terms of one name."""
        names = [term.title for term in self.terms]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ModelError(f"two terms are named {twice[0]!r}; give each a name of its own")

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that have a term."""
        return tuple(dict.fromkeys(term.parameter for term in self.terms))

    @property
    def changing(self) -> tuple[Term, ...]:
        """Terms that are drawn again and again while an episode runs."""
        return tuple(term for term in self.terms if term.mode == "interval")

    def draw(self, world: ParameterSet, dice: Dice, pins: Pins | None = None) -> dict[str, Array]:
        """Draw robots around the nominal one, as an episode begins.

        What a robot was given at startup is drawn from a stream that begins anew each time, so it
        is the same in every episode. `pins` sets terms of some robots to an end of their range.
        """
        return self.values(world, self.units(world, dice, pins))

    def units(self, world: ParameterSet, dice: Dice, pins: Pins | None = None) -> Array:
        """Draw where in its range each number of a robot lies, `(n, draws)`, 0..1."""
        layout = self._layout(world)
        startup = dice.anew("startup")
        streams = {"startup": startup, "reset": dice}
        drawn = [streams[each.mode].uniform(k=each.draws) for each in layout.passes]
        units = np.concatenate([np.zeros((len(dice), 0)), *drawn], axis=1)
        if pins is None:
            return units
        pinned = pins.terms[:, None] == layout.terms
        return np.where(pinned, pins.ends[:, None], units)

    def values(self, world: ParameterSet, units: Array) -> dict[str, Array]:
        """Parameters of robots whose numbers lie at `units` `(n, draws)` of their ranges."""
        layout = self._layout(world)
        flat = np.tile(layout.nominal, (len(units), 1))
        begin = 0
        for each in layout.passes:
            mine = units[:, begin : begin + each.draws]
            each.apply(flat, mine[:, each.share])
            begin += each.draws
        return {name: flat[:, part] for name, part in layout.slices.items()}

    def drawn(self, world: ParameterSet) -> tuple[tuple[Term, str], ...]:
        """Term of each number that `units` draws, and which element or limb it is of.

        The text is empty where one number is for all that the term is on.
        """
        return self._layout(world).drawn

    def __getstate__(self) -> dict[str, object]:
        """What is sent to another process: the terms alone."""
        return {"terms": self.terms}

    @cached_property
    def _layouts(self) -> WeakKeyDictionary[ParameterSet, Layout]:
        """Layouts in the worlds that were drawn for, for as long as both live."""
        return WeakKeyDictionary()

    def _layout(self, world: ParameterSet) -> Layout:
        if world not in self._layouts:
            self._layouts[world] = Layout(world, self.terms, self.names)
        return self._layouts[world]

    def check(self, world: ParameterSet) -> None:
        """Refuse a term whose range, after the terms before it, leaves what is physical.

        Raises:
            ModelError: naming the term, its values and the physical range; or an unknown parameter
                or element, listing those that exist.
        """
        self.reach(world)

    def reach(self, world: ParameterSet) -> dict[str, tuple[Array, Array]]:
        """Smallest and largest values of each element of the parameters that vary, `(width,)` each.

        Raises:
            ModelError: as `check` does.
        """
        reach: dict[str, tuple[Array, Array]] = {}
        for term in self.terms:
            columns = world.select(term.parameter, term.on, term.each).columns
            nominal, parameter = world.nominal(term.parameter), world.parameters[term.parameter]
            low, high = (ends.copy() for ends in reach.get(term.parameter, (nominal, nominal)))
            low[columns], high[columns] = term.reach(low[columns], high[columns])
            if low.min() < parameter.low or high.max() > parameter.high:
                raise ModelError(
                    f"term {term} gives {low[columns].min():.4g} to {high[columns].max():.4g} "
                    f"{parameter.unit}; physical is {parameter.low:.4g} to {parameter.high:.4g}"
                )
            reach[term.parameter] = low, high
        return reach

    def ends(self, nominal: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of each parameter, over all of its elements."""
        found: dict[str, tuple[float, float]] = {}
        for term in self.terms:
            name = term.parameter
            low, high = found.get(name, (nominal[name], nominal[name]))
            ends = term.reach(np.array([low]), np.array([high]))
            found[name] = (float(ends[0].min()), float(ends[1].max()))
        return found

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        return json.dumps([asdict(term) for term in self.terms], indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Randomization":
        """Read a randomization back.

        Raises:
            ModelError: the text is not one.
        """
        try:
            tables = [{**table, "on": tuple(table.get("on", ()))} for table in json.loads(text)]
            for table in tables:
                table["every"] = tuple(table.get("every", (0.0, 0.0)))
            return cls(terms=tuple(Term(**table) for table in tables))
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"not a randomization: {error}") from None

    def to_toml(self) -> str:
        """Text of a file of ranges, as `read` reads it."""
        return "\n".join(term.to_toml() for term in self.terms)

    @classmethod
    def load(cls, robot: str) -> "Randomization":
        """Read what pretraining varies of a shipped robot, or of one in a folder.

        Raises:
            SpecError: no such robot.
            ModelError: its randomization.toml is absent or says what cannot be.
        """
        path = find_robot(robot) / FILE
        if not path.exists():
            raise ModelError(
                f"robot {robot} has no {FILE}, which says what training varies; "
                "copy a shipped robot's and edit it"
            )
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> "Randomization":
        """Read a file of ranges, one table a term.

        Raises:
            ModelError: it is absent, or says what cannot be.
        """
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(terms=tuple(Term.from_table(n, table) for n, table in tables.items()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ModelError(f"{path} cannot be read: {error}; mend it") from None
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None
