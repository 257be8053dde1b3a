"""Networks for tests: plain PyTorch modules, and their weights as a bundle holds them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How wide a network is."""

    present: int = 7
    context: int = 0
    encoder: tuple[int, ...] = (20, 12)
    latent: int = 0
    trunk: tuple[int, ...] = (32, 16)
    actions: int = 3


def stack(*widths):
    """Linear layers with ELU between them."""
    layers = []
    for wide, narrow in pairwise(widths):
        layers += [nn.Linear(wide, narrow), nn.ELU()]
    return nn.Sequential(*layers[:-1])


class Network(nn.Module):
    """What `Policy` says it is, in PyTorch's words."""

    def __init__(self, sizes, seed=0, squash=None):
        super().__init__()
        torch.manual_seed(seed)
        self.sizes, seen = sizes, sizes.present + (sizes.latent or sizes.context)
        self.past = None
        if sizes.latent:
            self.past = stack(sizes.context, *sizes.encoder, sizes.latent)
        self.actor = stack(seen, *sizes.trunk, sizes.actions)
        self.squash = None if squash is None else torch.tensor(squash, dtype=torch.float32)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter += 0.1 * torch.randn_like(parameter)

    def forward(self, observation):
        present = observation[:, : self.sizes.present]
        context = observation[:, self.sizes.present :]
        seen = context if self.past is None else self.past(context)
        raw = self.actor(torch.cat([present, seen], dim=1))
        return raw if self.squash is None else self.squash * torch.tanh(raw)

    def act(self, observation):
        with torch.no_grad():
            return self(torch.from_numpy(observation)).numpy()

    def weights(self):
        """Weights under the names that `Policy` reads."""
        found = {} if self.past is None else named(self.past, "encoder", "latent")
        found |= named(self.actor, "trunk", "head")
        if self.squash is not None:
            found["head.squash"] = self.squash.numpy()
        return found


def named(layers, stem, last):
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    names = [*(f"{stem}.{i}" for i in range(len(linear) - 1)), last]
    found = {}
    for name, layer in zip(names, linear, strict=True):
        found[f"{name}.weight"] = layer.weight.detach().numpy().astype(np.float32)
        found[f"{name}.bias"] = layer.bias.detach().numpy().astype(np.float32)
    return found


def network_for(contract, encoded=False, seed=0, squash=None):
    """A network that takes a contract's observations."""
    context = contract.observation_size - contract.present_size
    sizes = Sizes(
        present=contract.present_size,
        context=context,
        latent=5 if encoded else 0,
        actions=contract.action_size,
    )
    return Network(sizes, seed, squash)
