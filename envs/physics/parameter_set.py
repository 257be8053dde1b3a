"""`ParameterSet`: every parameter of many simulated robots, by name."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal, Protocol

import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.limbs import limb_of
from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Each = Literal["element", "limb", "robot"]


class Group(Protocol):
    """Parameters that one part of the simulation has."""

    parameters: dict[str, Parameter]
    """What they are."""
    values: dict[str, Array]
    """Their present values, each `(n, width)`, one column an element."""

    def changed(self, name: str, ids: Ids) -> bool:
        """Bring the simulation up to date with new values of a parameter of robots `ids`.

        Returns:
            Whether MuJoCo derives anything from what was written.
        """
        ...


class Selection:
    """Some elements of a parameter, and which of them share one drawn number."""

    def __init__(self, columns: Ids, share: Ids) -> None:
        self.columns, self.share = columns, share
        self.draws = int(share.max()) + 1


class ParameterSet:
    """Many robots in one batch, each with its own values of every parameter."""

    def __init__(self, batch: Batch, groups: Sequence[Group]) -> None:
        self.batch = batch
        self._home = {name: group for group in groups for name in group.parameters}
        self.parameters = {name: group.parameters[name] for name, group in self._home.items()}
        self._stale = np.zeros(batch.nsim, dtype=np.bool_)
        self._ends: dict[tuple[str, ...], tuple[Array, Array]] = {}
        self._selections: dict[tuple[str, tuple[str, ...], Each], Selection] = {}

    def values(self, name: str) -> Array:
        """Present values of a parameter, `(n, width)`, one column an element.

        Raises:
            ModelError: no such parameter; the message lists those that exist.
        """
        self._require(name)
        return self._home[name].values[name]

    def nominal(self, name: str) -> Array:
        """Nominal values of a parameter, `(width,)`: what it was before anything was set.

        Raises:
            ModelError: no such parameter; the message lists those that exist.
        """
        return np.array(self._require(name).each)

    def select(self, name: str, on: tuple[str, ...] = (), each: Each = "element") -> Selection:
        """Choose elements of a parameter by shell patterns; none for all of them.

        Args:
            name: the parameter.
            on: patterns such as `trunk` or `front_*`.
            each: what has a drawn number of its own: every element, every limb (the bodies that
                hang together under the robot's base), or the robot.

        Raises:
            ModelError: no such parameter, or a pattern that no element matches; the message lists
                those that exist.
        """
        key = (name, on, each)
        if key not in self._selections:
            self._selections[key] = self._find(name, on, each)
        return self._selections[key]

    def set(self, name: str, values: Array, ids: Ids) -> None:
        """Give robots `ids` new values of a parameter, broadcast to `(len(ids), width)`.

        Raises:
            ModelError: no such parameter, or a value that is not physical.
        """
        self._check(name, values)
        self._put(name, values, ids)

    def _put(self, name: str, values: Array, ids: Ids) -> None:
        home = self._home[name]
        home.values[name][ids] = values
        if home.changed(name, ids):
            self._stale[ids] = True

    def give(self, values: Mapping[str, Array], ids: Ids) -> None:
        """Give robots `ids` new values of several parameters at once, and settle.

        Args:
            values: by parameter, each `(len(ids), width)`.
            ids: the robots.

        Raises:
            ModelError: no such parameter, or a value that is not physical; nothing is set then.
        """
        names = tuple(values)
        if names and not self._physical(names, np.concatenate([*values.values()], axis=1)):
            for name, value in values.items():
                self._check(name, value)
        for name, value in values.items():
            self._put(name, value, ids)
        self.settle(ids)

    def _physical(self, names: tuple[str, ...], values: Array) -> bool:
        if names not in self._ends:
            each = [self._require(name) for name in names for _ in self._require(name).elements]
            self._ends[names] = np.array([p.low for p in each]), np.array([p.high for p in each])
        low, high = self._ends[names]
        return values.shape[1] == len(low) and bool(((low <= values) & (values <= high)).all())

    def _check(self, name: str, values: Array) -> None:
        parameter = self._require(name)
        low, high = float(values.min()), float(values.max())
        if not (parameter.low <= low and high <= parameter.high):
            raise ModelError(
                f"parameter {name!r} would be {low:.4g} to {high:.4g} {parameter.unit}; "
                f"physical is {parameter.low:.4g} to {parameter.high:.4g}"
            )

    def settle(self, ids: Ids) -> None:
        """Recompute all that MuJoCo derives from what was set for robots `ids`."""
        stale = np.asarray(ids)[self._stale[ids]]
        if len(stale):
            self.batch.set_const(np.unique(stale))
            self._stale[stale] = False

    def _find(self, name: str, on: tuple[str, ...], each: Each) -> Selection:
        elements = self._require(name).elements
        for pattern in on:
            if not any(fnmatchcase(element, pattern) for element in elements):
                raise ModelError(
                    f"no element {pattern!r} of parameter {name!r}; there are: "
                    f"{', '.join(elements)}"
                )
        chosen = [
            column
            for column, element in enumerate(elements)
            if not on or any(fnmatchcase(element, pattern) for pattern in on)
        ]
        if each == "element":
            share = list(range(len(chosen)))
        elif each == "robot":
            share = [0] * len(chosen)
        else:
            share = [limb_of(self.batch.model, elements[column]) for column in chosen]
        _, numbers = np.unique(share, return_inverse=True)
        return Selection(np.array(chosen, dtype=np.intp), numbers.astype(np.intp))

    def _require(self, name: str) -> Parameter:
        if name not in self.parameters:
            known = ", ".join(sorted(self.parameters))
            raise ModelError(f"no parameter {name!r}; there are: {known}")
        return self.parameters[name]
