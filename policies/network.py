"""The actor-critic that Stable-Baselines3 trains, with its layers named as `Policy` names them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy

from ashore.policies.policy import Weights

Arrays = dict[str, NDArray[np.float32]]

RUNGS = ("head", "block", "all")
"""What adaptation may train of the actor: its head, the last trunk layer too, or everything."""


def network_options(
    trunk: tuple[int, ...], critic: tuple[int, ...], spread: float
) -> dict[str, Any]:
    """Keyword arguments of the Stable-Baselines3 policy.

    `trunk` and `critic` are layer widths; `spread` is the action's first standard deviation.
    """
    return {
        "net_arch": {"pi": list(trunk), "vf": list(critic)},
        "activation_fn": torch.nn.ELU,
        "log_std_init": float(np.log(spread)),
    }


def actor_weights(policy: ActorCriticPolicy) -> Arrays:
    """The actor's weights under the names that `Policy` reads."""
    return _arrays(_actor(policy))


def critic_weights(policy: ActorCriticPolicy) -> Arrays:
    """The critic's weights and the log of the action's spread."""
    return {**_arrays(_critic(policy)), "log_std": policy.log_std.detach().numpy().copy()}


def load_weights(policy: ActorCriticPolicy, actor: Weights, critic: Weights) -> None:
    """Put an actor's and a critic's weights into a policy of the same widths."""
    _copy(actor, _actor(policy))
    _copy(critic, _critic(policy))
    with torch.no_grad():
        policy.log_std.copy_(torch.from_numpy(np.array(critic["log_std"])))


def final_layers(policy: ActorCriticPolicy, rung: str) -> list[torch.nn.Parameter]:
    """Parameters of the actor that a rung of `RUNGS` trains."""
    layers = list(_actor(policy).values())
    count = {"head": 1, "block": 2, "all": len(layers)}[rung]
    return [parameter for layer in layers[-count:] for parameter in layer.parameters()]


def critic_layers(policy: ActorCriticPolicy) -> list[torch.nn.Parameter]:
    """Parameters of the value function."""
    return [parameter for layer in _critic(policy).values() for parameter in layer.parameters()]


def widths(weights: Weights, stem: str) -> tuple[int, ...]:
    """Layer widths of `trunk` or `value` in an actor's or critic's weights."""
    count = sum(name.startswith(f"{stem}.") and name.endswith(".bias") for name in weights)
    return tuple(len(weights[f"{stem}.{i}.bias"]) for i in range(count))


def _actor(policy: ActorCriticPolicy) -> dict[str, torch.nn.Linear]:
    layers = _named("trunk", policy.mlp_extractor.policy_net)
    if isinstance(policy.action_net, torch.nn.Linear):
        layers["head"] = policy.action_net
    return layers


def _critic(policy: ActorCriticPolicy) -> dict[str, torch.nn.Linear]:
    return {**_named("value", policy.mlp_extractor.value_net), "value_head": policy.value_net}


def _named(stem: str, modules: torch.nn.Module) -> dict[str, torch.nn.Linear]:
    layers = [layer for layer in modules.children() if isinstance(layer, torch.nn.Linear)]
    return {f"{stem}.{i}": layer for i, layer in enumerate(layers)}


def _copy(weights: Weights, layers: Mapping[str, torch.nn.Linear]) -> None:
    with torch.no_grad():
        for name, layer in layers.items():
            layer.weight.copy_(torch.from_numpy(np.array(weights[f"{name}.weight"])))
            layer.bias.copy_(torch.from_numpy(np.array(weights[f"{name}.bias"])))


def _arrays(layers: Mapping[str, torch.nn.Linear]) -> Arrays:
    found = {}
    for name, layer in layers.items():
        found[f"{name}.weight"] = layer.weight.detach().numpy().astype(np.float32)
        found[f"{name}.bias"] = layer.bias.detach().numpy().astype(np.float32)
    return found
