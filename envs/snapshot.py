"""`snapshot` and `restore`: robots in the middle of their episodes, to the last bit."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.errors import EnvsError
from ashore.envs.gym.force_batch import ForceBatch
from ashore.envs.object_graph import ObjectGraph, batch_rows, is_walked, model_fields
from ashore.envs.physics.warp_batch import WarpBatch
from ashore.envs.randomize.curriculum import Curriculum

Arrays = Mapping[str, NDArray[Any]]

@runtime_checkable
class Elsewhere(Protocol):
    """A vector environment whose robots are elsewhere, and who asks them for their snapshots."""

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that they are in the middle of."""
        ...

    def restore(self, kept: Arrays) -> bool:
        """Put them where a snapshot was taken; whether their episodes go on."""
        ...


PLAIN = "plain"
"""Key of all that is no array: numbers, words and lists of them, as JSON in bytes."""


def snapshot(env: VecEnv) -> dict[str, NDArray[Any]]:
    """Copy all that a vector environment of ours is in the middle of.

    Whatever its objects hold is taken (`ObjectGraph`): every array, number and list, and of
    MuJoCo's batches the whole state and each field of the model that differs between robots. So
    nothing is listed here that could be forgotten. Left out are configurations, which whoever
    makes the environment again has, and what libraries keep to themselves.

    Raises:
        EnvsError: it is an environment of somebody else's.
    """
    if isinstance(env, Elsewhere):
        return env.snapshot()
    if not is_walked(env):
        raise EnvsError(
            f"a {type(env).__name__} keeps what only its own library knows; take the snapshot of "
            "the environment that it wraps"
        )
    return _taken(ObjectGraph(env))


def restore(env: VecEnv, kept: Arrays) -> bool:
    """Put an environment, made anew from the same configuration, where a snapshot was taken.

    Arrays are written where they are, so that what is bound to them stays bound.

    Returns:
        Whether episodes go on. They do not where robots run Python code of their own (`OwnRules`),
        which holds what nobody can copy: there only random streams, counters and the curriculum go
        on, and `reset` is to be called next.

    Raises:
        EnvsError: the snapshot is of an environment made in another way.
    """
    if isinstance(env, Elsewhere):
        return env.restore(kept)
    if PLAIN not in kept:
        raise EnvsError(
            "its robots were split over workers before, and are asked here now; go on as it was "
            "begun"
        )
    born = ObjectGraph(env)
    # Once stepped, it has everything that an environment in use has.
    env.reset()
    env.step(np.zeros((env.num_envs, *(env.action_space.shape or ())), env.action_space.dtype))
    graph = ObjectGraph(env)
    inside = tuple(f"{path}/" for path in graph.batches)
    plain = {path: _unpacked(value) for path, value in json.loads(kept[PLAIN].tobytes()).items()}
    arrays = {p: v for p, v in kept.items() if p != PLAIN and not p.startswith(inside)}
    here = {path for path in (*graph.arrays, *graph.plain) if not _leads_through(path, plain)}
    surplus = here - arrays.keys() - plain.keys()
    _require_shapes(graph, arrays)
    _require_places(graph, {*arrays, *plain}, surplus, {*born.arrays, *born.plain})
    for path, batch in graph.batches.items():
        _give(batch, f"{path}/", kept)
    for path in surplus:
        graph.drop(path)
    for path, value in plain.items():
        graph.put(path, value)
    for path, array in arrays.items():
        graph.write(path, array)
    for each in graph.objects.values():
        if isinstance(each, Curriculum):
            each.restore(each.state())
    again = snapshot(env)
    if lost := [path for path in kept if again[path].tobytes() != kept[path].tobytes()]:
        raise EnvsError(f"{lost[0]} of the snapshot cannot be put back; begin the episodes anew")
    return not graph.opaque


def _taken(graph: ObjectGraph) -> dict[str, NDArray[Any]]:
    found = {path: np.array(leaf[2]) for path, leaf in graph.arrays.items()}
    for path, batch in graph.batches.items():
        found |= {f"{path}/{name}": np.array(rows) for name, rows in batch_rows(batch)}
    plain = {path: _packed(leaf[2]) for path, leaf in graph.plain.items()}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return {**found, PLAIN: np.frombuffer(text.encode(), np.uint8).copy()}


def _give(batch: Any, path: str, kept: Arrays) -> None:
    """Write a batch's rows; what was the same for all simulations then is so again."""
    batch.state[...] = _like(batch.state, path + "state", kept)
    if hasattr(batch, "warning"):
        batch.warning[...] = _like(batch.warning, path + "warning", kept)
    for field in model_fields(batch):
        name = f"{path}model/{field}"
        if name in kept:
            rows = batch.expand(field)
            rows[...] = _like(rows, name, kept)
        elif batch.expanded(field) is not None:
            owner, _, own = field.rpartition(".")
            shared = np.asarray(getattr(batch.model.opt if owner else batch.model, own))
            rows = batch.expand(field)
            rows[...] = shared[: rows.shape[1]] if shared.ndim else shared
    if isinstance(batch, ForceBatch) and batch.expanded("bvh_aabb") is not None:
        batch.set_const()
    if isinstance(batch, WarpBatch):
        batch.set_const()


def _like(ours: NDArray[Any], path: str, kept: Arrays) -> NDArray[Any]:
    """The array of a snapshot that is to be put where `ours` is."""
    theirs = kept.get(path, np.zeros(0))
    if (theirs.shape, theirs.dtype) != (ours.shape, ours.dtype):
        raise EnvsError(
            f"the snapshot is of another environment: {path} is {theirs.dtype} {theirs.shape} in "
            f"it and {ours.dtype} {ours.shape} here; make the environment with the same robots, "
            "task, ranges and version of Ashore"
        )
    return theirs


def _require_shapes(graph: ObjectGraph, arrays: Arrays) -> None:
    for path in arrays:
        if path in graph.arrays:
            _like(graph.arrays[path][2], path, arrays)


def _require_places(graph: ObjectGraph, kept: set[str], surplus: set[str], born: set[str]) -> None:
    """See that all of a snapshot has its place, and that nothing else here would go on.

    What an object got only in use may be absent from a snapshot that was taken before.
    """
    strange = {path for path in kept if not graph.takes(path)}
    strange |= {path for path in surplus if path in born or not graph.drops(path)}
    if strange:
        raise EnvsError(
            f"the snapshot is of another environment: {min(strange)} exists in one of the two "
            "only; make the environment with the same robots, task, ranges and version of Ashore"
        )


def _leads_through(path: str, plain: Mapping[str, Any]) -> bool:
    """Whether a path leads through what something plain stands in the place of."""
    while path := path.rpartition("/")[0]:
        if path in plain:
            return True
    return False


def _packed(value: Any) -> Any:
    """A plain value as JSON has it, containers with their kind in front."""
    if isinstance(value, np.generic):
        return ["numpy", value.dtype.str, value.item()]
    if isinstance(value, dict):
        return ["dict", *([_packed(key), _packed(each)] for key, each in value.items())]
    if isinstance(value, (list, tuple, set)):
        inside = sorted(value) if isinstance(value, set) else value
        return [type(value).__name__, *map(_packed, inside)]
    return value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, *inside = value
    if kind == "numpy":
        return np.dtype(inside[0]).type(inside[1])
    if kind == "dict":
        return {_unpacked(key): _unpacked(each) for key, each in inside}
    return {"list": list, "tuple": tuple, "set": set}[kind](map(_unpacked, inside))
