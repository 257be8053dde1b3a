"""The trained networks' layers, under the names that `Policy` and bundles give them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ashore.hardware.contract import Contract
from ashore.policies.learners.actor_critic import ActorCritic, Shape
from ashore.policies.learners.low_rank import low_rank_parameters
from ashore.policies.policy import Weights

Arrays = dict[str, NDArray[np.float32]]

RUNGS = ("head", "block", "low_rank", "all")
"""What adaptation may train of the actor: its head; the last trunk layer too; instead of that, a
change of low rank in each trunk layer (`low_rank`); or the whole trunk.

An encoder is never among it: it reads what robot this is, which supervision taught it."""


def actor_weights(policy: ActorCritic) -> Arrays:
    """The actor's weights under the names that `Policy` reads."""
    squash = {} if policy.squash is None else {"head.squash": policy.squash.numpy().copy()}
    return {**arrays(_actor(policy)), **squash}


def critic_weights(policy: ActorCritic) -> Arrays:
    """The critic's weights, the log of the action's spread, and the encoder's decoder."""
    return {**arrays(_critic(policy)), "log_std": policy.log_std.detach().numpy().copy()}


def load_weights(policy: ActorCritic, actor: Weights, critic: Weights) -> None:
    """Put an actor's and a critic's weights into a policy of the same shape.

    Where there is no critic, the policy's own stays as it is, untrained.
    """
    _copy(actor, _actor(policy))
    squash = actor.get("head.squash")
    policy.squash = None if squash is None else torch.from_numpy(np.array(squash))
    if not critic:
        return
    _copy(critic, _critic(policy))
    with torch.no_grad():
        policy.log_std.copy_(torch.from_numpy(np.array(critic["log_std"])))


def final_layers(policy: ActorCritic, rung: str) -> list[list[nn.Parameter]]:
    """Parameters of the actor that a rung of `RUNGS` trains, of each layer, the head first.

    For `low_rank` the trunk must have been given what changes it (`add_low_rank`).
    """
    head, *trunk = reversed(_linears(policy.actor))
    deeper = {"head": [], "block": trunk[:1], "low_rank": trunk, "all": trunk}[rung]
    trained = low_rank_parameters if rung == "low_rank" else nn.Module.parameters
    return [list(head.parameters()), *(list(trained(layer)) for layer in deeper)]


def shape_of(contract: Contract, actor: Weights, critic: Weights, privileged: int) -> Shape:
    """Shape of the networks that a bundle's weights are of, or its actor and a new critic.

    Args:
        contract: the bundle's.
        actor: its actor's weights.
        critic: its critic's weights; none of a policy that SAC or TQC trained.
        privileged: numbers behind an observation that a critic is told.
    """
    present, observed = contract.present_size, contract.observation_size
    shape = Shape(
        present=present,
        context=observed - present,
        privileged=privileged,
        trunk=widths(actor, "trunk"),
        encoder=widths(actor, "encoder"),
        latent=len(actor["latent.bias"]) if "latent.bias" in actor else 0,
    )
    return replace(shape, critic=widths(critic, "value")) if critic else shape


def widths(weights: Weights, stem: str) -> tuple[int, ...]:
    """Layer widths of `encoder`, `trunk` or `value` in an actor's or critic's weights."""
    count = sum(name.startswith(f"{stem}.") and name.endswith(".bias") for name in weights)
    return tuple(len(weights[f"{stem}.{i}.bias"]) for i in range(count))


def arrays(layers: Mapping[str, nn.Linear]) -> Arrays:
    """Weights and biases of named layers."""
    found = {}
    for name, layer in layers.items():
        found[f"{name}.weight"] = layer.weight.detach().numpy().astype(np.float32)
        found[f"{name}.bias"] = layer.bias.detach().numpy().astype(np.float32)
    return found


def _actor(policy: ActorCritic) -> dict[str, nn.Linear]:
    reader = {} if policy.encoder is None else _named("encoder", "latent", policy.encoder)
    return {**reader, **_named("trunk", "head", policy.actor)}


def _critic(policy: ActorCritic) -> dict[str, nn.Linear]:
    decoder = {} if policy.encoder is None else {"decoder": policy.decoder}
    return {**_named("value", "value_head", policy.critic), **decoder}


def _linears(modules: nn.Module) -> list[nn.Linear]:
    return [layer for layer in modules.children() if isinstance(layer, nn.Linear)]


def _named(stem: str, last: str, modules: nn.Module) -> dict[str, nn.Linear]:
    *layers, final = _linears(modules)
    return {**{f"{stem}.{i}": layer for i, layer in enumerate(layers)}, last: final}


def _copy(weights: Weights, layers: Mapping[str, nn.Linear]) -> None:
    with torch.no_grad():
        for name, layer in layers.items():
            layer.weight.copy_(torch.from_numpy(np.array(weights[f"{name}.weight"])))
            layer.bias.copy_(torch.from_numpy(np.array(weights[f"{name}.bias"])))
