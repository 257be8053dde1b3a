"""`Policy`: encoder, trunk and head of a network, run by numpy alone."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ashore.policies.errors import BundleError

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]
Layer = tuple[Floats, Floats]
"""Weight `(in, out)` and bias `(1, out)`."""
_Space = tuple[Floats, Floats, Floats]
"""What a hidden layer gives, `(n, out)`, as much again for its ELU, and zeros `(1, out)`."""

KEPT_SIZES = 4
"""Batch sizes whose buffers are kept."""
_ONE = np.ones((), np.float32)


class Policy:
    """A multilayer perceptron from an observation to actions, with ELU between its layers.

    The observation is the present, then the context. With an encoder,

        latent = latent(encoder(context))
        action = head(trunk(present, latent))

    and without one the trunk sees the whole observation. Where the weights have `head.squash`,
    actions are `squash * tanh(head(...))`.

    The layers are named `encoder.0`, …, `latent`, `trunk.0`, … and `head`; each has `weight`
    (out, in) and `bias` (out,). The final layers that adaptation fine-tunes are thus a name, not a
    guess.

    Buffers are made once for each batch size, so a policy serves one thread at a time.
    """

    def __init__(self, weights: Weights) -> None:
        """Take the weights of every layer.

        Raises:
            BundleError: a layer is missing, unknown, not finite or not of its neighbour's width.
        """
        encoded = any(name.startswith(("encoder.", "latent.")) for name in weights)
        past = [*_numbered(weights, "encoder"), "latent"] if encoded else []
        names = [*past, *_numbered(weights, "trunk"), "head"]
        _require_known(weights, names)
        layers = {name: _layer(weights, name) for name in names}
        self.encoder, self.latent = _chain(layers, past[:-1]), layers.get("latent")
        self.trunk, self.head = _chain(layers, names[len(past) : -1]), layers["head"]
        _require_chain(layers, past)
        _require_chain(layers, names[len(past) :])
        self.squash = _squash(weights, self.head)
        self.context_size = _width(layers, past[0]) if past else 0
        self.latent_size = 0 if self.latent is None else self.latent[1].size
        seen = _width(layers, names[len(past)])
        if seen < self.latent_size:
            raise BundleError(
                f"layer latent gives {self.latent_size} numbers and {names[len(past)]} takes "
                f"{seen}; the bundle's weights are damaged"
            )
        self.present_size = seen - self.latent_size
        self.observation_size = self.present_size + self.context_size
        self.action_size = self.head[1].size
        self._rooms: dict[int, _Room] = {}

    def act(self, observation: Floats) -> Floats:
        """Return the mean actions `(n, action_size)` of observations `(n, observation_size)`.

        The array is a fresh one, which the caller may keep.
        """
        room = self._room(len(observation))
        x = self._hidden(observation, room)
        weight, bias = self.head
        action: Floats = x.dot(weight)
        np.add(action, bias, out=action)
        if self.squash is not None:
            np.tanh(action, out=action)
            np.multiply(action, self.squash, out=action)
        return action

    def activations(self, observation: Floats) -> list[Floats]:
        """Return what each layer of the trunk makes of observations `(n, observation_size)`.

        The arrays, `(n, width)` each and the last layer's last, are fresh ones.
        """
        room = self._room(len(observation))
        self._hidden(observation, room)
        return [y.copy() for y, _, _ in room.trunk]

    def _hidden(self, observation: Floats, room: "_Room") -> Floats:
        """What the head is given; it lies in the room."""
        x = np.asarray(observation, dtype=np.float32)
        if self.latent is not None:
            room.present[:] = x[:, : self.present_size]
            past = _elu(x[:, self.present_size :], self.encoder, room.encoder)
            _affine(past, self.latent, room.latent)
            room.past[:] = room.latent
            x = room.seen
        return _elu(x, self.trunk, room.trunk)

    def _room(self, n: int) -> "_Room":
        return self._rooms.get(n) or self._make_room(n)

    def _make_room(self, n: int) -> "_Room":
        if len(self._rooms) >= KEPT_SIZES:
            self._rooms.clear()
        self._rooms[n] = room = _Room(self, n)
        return room


class _Room:
    """Buffers for `n` observations."""

    def __init__(self, policy: Policy, n: int) -> None:
        self.encoder = [_space(n, layer) for layer in policy.encoder]
        self.trunk = [_space(n, layer) for layer in policy.trunk]
        self.seen = np.zeros((n, policy.present_size + policy.latent_size), np.float32)
        self.present = self.seen[:, : policy.present_size]
        self.past = self.seen[:, policy.present_size :]
        self.latent = np.zeros((n, policy.latent_size), np.float32)


def _space(n: int, layer: Layer) -> _Space:
    y, low, zero = (np.zeros((rows, layer[1].size), np.float32) for rows in (n, n, 1))
    return y, low, zero


def _affine(x: Floats, layer: Layer, out: Floats) -> None:
    x.dot(layer[0], out)
    np.add(out, layer[1], out=out)


def _elu(x: Floats, layers: Sequence[Layer], room: Sequence[_Space]) -> Floats:
    """Run hidden layers, each followed by `max(y, exp(min(y, 0)) - 1)`, which is the ELU of `y`.

    The larger of the two is right on both sides of zero, since `exp(y) - 1 >= y`.
    """
    for layer, (y, low, zero) in zip(layers, room, strict=True):
        _affine(x, layer, y)
        np.minimum(y, zero, out=low)
        np.exp(low, out=low)
        np.subtract(low, _ONE, out=low)
        np.maximum(y, low, out=y)
        x = y
    return x


def _numbered(weights: Weights, stem: str) -> list[str]:
    found = {name.rpartition(".")[0] for name in weights if name.startswith(f"{stem}.")}
    return [f"{stem}.{i}" for i in range(len(found))]


def _chain(layers: Mapping[str, Layer], names: Sequence[str]) -> list[Layer]:
    return [layers[name] for name in names]


def _width(layers: Mapping[str, Layer], name: str) -> int:
    return len(layers[name][0])


def _require_known(weights: Weights, names: Sequence[str]) -> None:
    known = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    if strange := sorted(set(weights) - known - {"head.squash"}):
        raise BundleError(
            f"weights have {strange[0]!r}, which is no part of the layers {', '.join(names)}; "
            "the bundle's weights are damaged"
        )


def _require_chain(layers: Mapping[str, Layer], names: Sequence[str]) -> None:
    for one, other in pairwise(names):
        given, taken = layers[one][1].size, _width(layers, other)
        if given != taken:
            raise BundleError(
                f"layer {one} gives {given} numbers and the next takes {taken}; "
                "the bundle's weights are damaged"
            )


def _layer(weights: Weights, name: str) -> Layer:
    try:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    except KeyError as error:
        raise BundleError(f"weights have no {error}; they hold: {', '.join(weights)}") from None
    typed = weight.dtype == bias.dtype == np.float32
    if not typed or weight.ndim != 2 or bias.shape != weight.shape[:1]:
        raise BundleError(
            f"layer {name} has a weight {weight.dtype} {weight.shape} and a bias {bias.dtype} "
            f"{bias.shape}; expected float32 (out, in) and (out,): the weights are damaged"
        )
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise BundleError(f"layer {name} holds numbers that are not finite; train it again")
    return np.array(weight.T, order="C"), np.array(bias[None], order="C")


def _squash(weights: Weights, head: Layer) -> Floats | None:
    if "head.squash" not in weights:
        return None
    squash = weights["head.squash"]
    whole = squash.dtype == np.float32 and squash.shape == (head[1].size,)
    if not whole or not np.isfinite(squash).all():
        raise BundleError(
            f"head.squash is {squash.dtype} {squash.shape}; expected finite float32 "
            f"({head[1].size},): the weights are damaged"
        )
    return np.array(squash[None], order="C")
