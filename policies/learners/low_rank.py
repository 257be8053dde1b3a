"""`LowRank`: a change of low rank in a layer's weight, learned beside the weight itself."""

from collections.abc import Iterator
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ashore.policies.learners.actor_critic import ActorCritic


class LowRank(nn.Module):
    """With a frozen weight `W` `(out, in)` and rank `r`, a layer multiplies by

        W + B A,        A (r, in),        B (out, r)

    `A` begins random and `B` zero, so that the layer begins as it was. The sum is a plain weight:
    whoever reads `layer.weight` reads it merged, and a policy that runs it needs to know nothing.

    Source: Hu et al., "LoRA: Low-rank adaptation of large language models", arXiv 2106.09685,
    eq. 3, with `alpha = r`.
    """

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        """Make a change of a layer's weight that is none yet, of a rank no more than its sides."""
        super().__init__()
        wide, most = layer.in_features, min(layer.in_features, layer.out_features, rank)
        self.down = nn.Parameter(torch.randn(most, wide) / sqrt(wide))
        self.up = nn.Parameter(torch.zeros(layer.out_features, most))

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + self.up @ self.down


def add_low_rank(policy: ActorCritic, rank: int) -> None:
    """Let each layer of an actor's trunk be changed by no more than a rank."""
    *trunk, _ = [layer for layer in policy.actor.children() if isinstance(layer, nn.Linear)]
    for layer in trunk:
        parametrize.register_parametrization(layer, "weight", LowRank(layer, rank))


def low_rank_parameters(layer: nn.Module) -> Iterator[nn.Parameter]:
    """What a layer's change of low rank learns; nothing of a layer without one."""
    for part in layer.modules():
        if isinstance(part, LowRank):
            yield from part.parameters()
