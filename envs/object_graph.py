"""`ObjectGraph`: everything that an object of ours holds, however deep, by its path."""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

import gymnasium
import numpy as np
from mujoco.batch import MODEL_FIELDS, Batch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.gym.force_batch import ForceBatch
from ashore.envs.gym.gymnasium_fallback import OwnRules
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.physics.warp_batch import WarpBatch

Leaf = tuple[Any, Any, Any]
"""What holds a value, its key or attribute there, and the value."""

_LIBRARIES = {*sys.stdlib_module_names, "numpy", "mujoco", "gymnasium", "stable_baselines3"}
_LEFT_OUT: dict[type, set[str]] = {
    VecEnv: {"_actions", "_options", "_seeds", "class_attributes", "metadata", "reset_infos"},
    ParameterSet: {"_ends", "_selections"},
}
"""Attributes that no later step reads, or that are derived whenever they are asked for."""
_CONTAINERS = (dict, list, tuple)


class ObjectGraph:
    """A walk over attributes, lists, dicts and tuples, each thing under its shortest path.

    Objects are whatever is no library's own, so that a user's task counts too. Frozen dataclasses
    are configuration: they are passed through, and nothing in them is taken. Containers that hold
    anything unknown are left alone, and environments' own Python code (`OwnRules`) is `opaque`.
    """

    def __init__(self, root: Any) -> None:
        """Walk from `root`, whose attributes have one-word paths."""
        self.arrays: dict[str, Leaf] = {}
        self.plain: dict[str, Leaf] = {}
        self.batches: dict[str, Any] = {}
        self.objects: dict[str, Any] = {}
        self.unknown: dict[str, type] = {}
        self.opaque = False
        self._met = {id(root)}
        self._ahead: deque[tuple[str, Any]] = deque([("", root)])
        while self._ahead:
            self._visit(*self._ahead.popleft())
        spans = [_span(rows) for batch in self.batches.values() for _, rows in batch_rows(batch)]
        views = [path for path, leaf in self.arrays.items() if _is_within(leaf[2], spans)]
        for path in views:
            del self.arrays[path]

    def _visit(self, path: str, holder: Any) -> None:
        if isinstance(holder, OwnRules):
            self.opaque = True
            return
        self.objects[path] = holder
        frozen = _is_frozen(holder)
        for key, value in _parts(holder):
            self._take(f"{path}/{key}".lstrip("/"), (holder, key, value), frozen)

    def _take(self, path: str, leaf: Leaf, frozen: bool) -> None:
        holder, _, value = leaf
        if is_batch(value) or is_walked(value) or (_is_known(value) and not frozen):
            if id(value) in self._met:
                return
            self._met.add(id(value))
            if is_batch(value):
                self.batches[path] = value
            else:
                self._ahead.append((path, value))
        elif frozen or (is_plain(value) and isinstance(holder, tuple)):
            return
        elif isinstance(value, np.ndarray):
            self.arrays[path] = leaf
        elif is_plain(value):
            self.plain[path] = leaf
        else:
            self.unknown[path] = type(value)

    def takes(self, path: str) -> bool:
        """Whether a value is at a path, or could be put there."""
        if path in self.arrays or path in self.plain:
            return True
        above = self.objects.get(path.rpartition("/")[0], ())
        return not isinstance(above, (list, tuple)) and not _is_frozen(above)

    def drops(self, path: str) -> bool:
        """Whether a value could be taken away: an attribute that an object got in use."""
        leaf = self.plain.get(path) or self.arrays[path]
        return is_walked(leaf[0]) and not _is_frozen(leaf[0])

    def drop(self, path: str) -> None:
        """Take a value away."""
        holder, name, _ = self.plain.get(path) or self.arrays[path]
        delattr(holder, name)

    def put(self, path: str, value: Any) -> None:
        """Put a value at a path."""
        above, _, name = path.rpartition("/")
        leaf = self.plain.get(path) or self.arrays.get(path)
        holder: Any = leaf[0] if leaf else self.objects[above]
        key: Any = leaf[1] if leaf else name
        if isinstance(holder, (dict, list)):
            holder[key] = value
        else:
            setattr(holder, key, value)

    def write(self, path: str, value: NDArray[Any]) -> None:
        """Write into the array at a path, or put a copy where there is none."""
        if path not in self.arrays:
            self.put(path, value.copy())
            return
        array = self.arrays[path][2]
        # What a batch shows is read-only, and yet is read before a step shows it anew.
        ours = array if array.flags.writeable else np.asarray(_Shown(array))
        if ours.tobytes() != value.tobytes():
            ours[...] = value


class _Shown:
    """Memory of an array, to be written by numpy."""

    def __init__(self, array: NDArray[Any]) -> None:
        memory = array.__array_interface__
        self.__array_interface__ = {**memory, "data": (memory["data"][0], False)}


def is_batch(value: Any) -> bool:
    """Whether a value is many simulations of MuJoCo's."""
    return isinstance(value, (Batch, ForceBatch, WarpBatch))


def batch_rows(batch: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """State of a batch, and what differs between its simulations, by name, one row each."""
    yield "state", batch.state
    if hasattr(batch, "warning"):
        yield "warning", batch.warning
    for field in model_fields(batch):
        rows = batch.expanded(field)
        if rows is not None:
            yield f"model/{field}", rows


def model_fields(batch: Any) -> list[str]:
    """Fields of the model that may differ between the simulations of a batch."""
    # A `ForceBatch` does not know the size of bounding boxes, which follow from the rest.
    return sorted(MODEL_FIELDS - {"bvh_aabb"} if isinstance(batch, ForceBatch) else MODEL_FIELDS)


def is_walked(value: Any) -> bool:
    """Whether a value is an object whose attributes are looked at."""
    if isinstance(value, (type, Enum, gymnasium.Env)) or is_batch(value):
        return False
    ours = type(value).__module__.partition(".")[0] not in _LIBRARIES
    return ours and hasattr(value, "__dict__")


def is_plain(value: Any) -> bool:
    """Whether a value is a number, a word or nothing, or a container of such."""
    kind = type(value)
    if kind in (list, tuple, set):
        return all(map(is_plain, value))
    if kind is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return value is None or kind in (bool, int, float, str) or isinstance(value, np.generic)


def _is_frozen(value: Any) -> bool:
    return is_dataclass(value) and bool(vars(type(value))["__dataclass_params__"].frozen)


def _is_known(value: Any) -> bool:
    """Whether a value is a container of more than plain values, and of nothing unknown."""
    if type(value) not in _CONTAINERS or is_plain(value):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return all(
        isinstance(v, np.ndarray) or is_plain(v) or is_batch(v) or is_walked(v) or _is_known(v)
        for v in inside
    )


def _parts(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Keys and values of a container, or attributes of an object, in the order of their names."""
    if isinstance(holder, (list, tuple)):
        yield from enumerate(holder)
        return
    found = holder if isinstance(holder, dict) else vars(holder)
    hidden = [names for kind, names in _LEFT_OUT.items() if isinstance(holder, kind)]
    for key in sorted(found, key=str):
        if not any(key in names for names in hidden):
            yield key, found[key]


def _span(array: NDArray[Any]) -> tuple[int, int]:
    """Addresses where the memory of an array without gaps begins and ends."""
    begin = int(array.__array_interface__["data"][0])
    return begin, begin + array.nbytes


def _is_within(array: NDArray[Any], spans: list[tuple[int, int]]) -> bool:
    """Whether an array is a view of some memory."""
    begin = _span(array)[0]
    return any(low <= begin < high for low, high in spans)
