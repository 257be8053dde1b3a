"""`Policy`: trunk and head of a network, run by numpy alone."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.policies.errors import BundleError

Weights = Mapping[str, NDArray[np.float32]]


class Policy:
    """A multilayer perceptron `head(trunk(observation))` with ELU between its layers.

    The layers are named `trunk.0`, `trunk.1`, … and `head`; each has `weight` (out, in) and
    `bias` (out,). The final layers that adaptation fine-tunes are thus a name, not a guess.
    """

    def __init__(self, weights: Weights) -> None:
        """Take the weights of every layer.

        Raises:
            BundleError: a layer is missing, not finite or not of its neighbour's width.
        """
        count = sum(name.startswith("trunk.") and name.endswith(".weight") for name in weights)
        names = [*(f"trunk.{i}" for i in range(count)), "head"]
        self.layers = [_layer(weights, name) for name in names]
        for (name, (_, bias)), (weight, _) in zip(
            zip(names, self.layers, strict=True), self.layers[1:], strict=False
        ):
            if weight.shape[0] != bias.shape[0]:
                raise BundleError(
                    f"layer {name} gives {bias.shape[0]} numbers and the next takes "
                    f"{weight.shape[0]}; the bundle's weights are damaged"
                )
        self.observation_size = self.layers[0][0].shape[0]
        self.action_size = self.layers[-1][1].shape[0]

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean actions `(n, action_size)` of observations `(n, observation_size)`."""
        x = observation
        for weight, bias in self.layers[:-1]:
            x = x @ weight + bias
            x = np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0)))
        weight, bias = self.layers[-1]
        return np.asarray(x @ weight + bias, dtype=np.float32)


def _layer(weights: Weights, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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
    return np.ascontiguousarray(weight.T, dtype=np.float32), bias.astype(np.float32)
