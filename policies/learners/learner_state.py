"""`learner_state`: everything that a learner of Stable-Baselines3's is in the middle of."""

import copy
import json
import random
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer

from ashore.policies.errors import TrainingError

State = dict[str, Any]


@runtime_checkable
class Keeper(Protocol):
    """A learner that holds more than `learner_state` finds by itself."""

    def extra_state(self) -> State:
        """Return the rest: tensors, numbers, words, and lists and dicts of them."""
        ...

    def load_extra_state(self, state: State) -> None:
        """Take back what `extra_state` returned."""
        ...


def learner_state(model: BaseAlgorithm) -> State:
    """Take what a learner holds between two updates, as `torch.load` reads it without pickles.

    Of its attributes these are taken, so that nothing is listed that could be forgotten: networks,
    the optimizers that they or the learner have (in dicts and lists too), tensors, arrays, numbers,
    queues of finished episodes, and replay buffers, which are not copied. A learner that holds
    anything else is a `Keeper`. Rollouts are not kept: each update begins with a new one.
    """
    held = vars(model)
    numbers, arrays = (bool, int, float), (np.ndarray, np.generic)
    return {
        "parts": {name: copy.deepcopy(each.state_dict()) for name, each in _parts(model).items()},
        "tensors": {k: v.detach().clone() for k, v in held.items() if isinstance(v, torch.Tensor)},
        "arrays": {
            k: torch.from_numpy(np.array(v)) for k, v in held.items() if isinstance(v, arrays)
        },
        "numbers": {k: v for k, v in held.items() if type(v) in numbers},
        "queues": {k: _plain(list(v)) for k, v in held.items() if isinstance(v, deque)},
        "replays": {k: _filled(v) for k, v in held.items() if isinstance(v, ReplayBuffer)},
        "extra": keeper.extra_state() if (keeper := _keeper(model)) else {},
    }


def give_learner(model: BaseAlgorithm, state: State) -> None:
    """Put a learner made from the same configuration where `learner_state` was asked.

    Raises:
        TrainingError: the state is of another kind of learner, or of other networks.
    """
    parts = _parts(model)
    if parts.keys() != state["parts"].keys():
        raise TrainingError(
            f"the checkpoint is of a learner with {', '.join(sorted(state['parts']))}, and this "
            f"one has {', '.join(sorted(parts))}; go on with the version that began the training"
        )
    try:
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
    except (RuntimeError, ValueError) as error:
        why = str(error).splitlines()[-1].strip()
        raise TrainingError(f"the checkpoint is of other networks: {why}") from None
    held = vars(model)
    with torch.no_grad():
        for name, tensor in state["tensors"].items():
            held[name].copy_(tensor)
    held.update({name: array.numpy().copy()[()] for name, array in state["arrays"].items()})
    held.update(state["numbers"])
    for name, episodes in state["queues"].items():
        longest = held[name].maxlen if held.get(name) is not None else model._stats_window_size
        held[name] = deque(episodes, maxlen=longest)
    for name, replay in state["replays"].items():
        _refill(held[name], replay)
    if keeper := _keeper(model):
        keeper.load_extra_state(state["extra"])


def random_state(model: BaseAlgorithm) -> State:
    """Where every generator stands that a learner draws from: torch's, numpy's, Python's own."""
    space = model.action_space.np_random.bit_generator
    kind, words, *place = np.random.get_state(legacy=True)
    texts = {
        "python": random.getstate(),
        "numpy": [kind, np.asarray(words).tolist(), *place],
        "space": space.state,
    }
    return {"torch": torch.get_rng_state(), "texts": json.dumps(texts)}


def give_random(model: BaseAlgorithm, state: State) -> None:
    """Let every generator go on where `random_state` was asked."""
    texts = json.loads(state["texts"])
    version, words, spare = texts["python"]
    random.setstate((version, tuple(words), spare))
    np.random.set_state(tuple(texts["numpy"]))
    model.action_space.np_random.bit_generator.state = texts["space"]
    torch.set_rng_state(state["torch"])


def is_finite(model: BaseAlgorithm) -> bool:
    """Whether all weights of a learner's networks are finite."""
    values = model.policy.state_dict().values()
    return all(bool(torch.isfinite(v).all()) for v in values if v.is_floating_point())


def _keeper(model: object) -> Keeper | None:
    return model if isinstance(model, Keeper) else None


def _parts(model: BaseAlgorithm) -> dict[str, Any]:
    """Networks and optimizers, by where they are; networks within networks are theirs."""
    networks = {n: p for n, p in vars(model).items() if isinstance(p, torch.nn.Module)}
    inner = {id(m) for network in networks.values() for m in list(network.modules())[1:]}
    found: dict[str, Any] = {n: p for n, p in networks.items() if id(p) not in inner}
    holders: dict[str, Any] = {"": model}
    for name, network in found.items():
        holders |= {
            f"{name}.{path}".rstrip("."): module for path, module in network.named_modules()
        }
    met: set[int] = set()
    for path, holder in holders.items():
        for name, optimizer in _optimizers(path, vars(holder)).items():
            if id(optimizer) not in met:
                found[name] = optimizer
            met.add(id(optimizer))
    return found


def _optimizers(path: str, held: Mapping[str, Any]) -> dict[str, torch.optim.Optimizer]:
    """Optimizers among values, also in dicts and lists of them."""
    found = {}
    for name, value in held.items():
        if isinstance(value, torch.optim.Optimizer):
            found[f"{path}.{name}".lstrip(".")] = value
        elif type(value) in (list, tuple):
            found |= _optimizers(f"{path}.{name}", {str(i): v for i, v in enumerate(value)})
        elif type(value) is dict and not name.startswith("_"):
            found |= _optimizers(f"{path}.{name}", {str(key): v for key, v in value.items()})
    return found


def _plain(value: Any) -> Any:
    """The same with Python's numbers for numpy's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _filled(replay: ReplayBuffer) -> State:
    """What a replay buffer has been given so far."""
    count = replay.buffer_size if replay.full else replay.pos
    arrays = {k: v[:count] for k, v in vars(replay).items() if isinstance(v, np.ndarray)}
    rows = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {"rows": rows, "pos": replay.pos, "full": replay.full}


def _refill(replay: ReplayBuffer, state: State) -> None:
    for name, rows in state["rows"].items():
        vars(replay)[name][: len(rows)] = rows.numpy()
    replay.pos, replay.full = state["pos"], state["full"]
