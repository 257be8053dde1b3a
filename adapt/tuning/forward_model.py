"""`ForwardModel`: an encoder and its decoder as a prediction of the next observation."""

import numpy as np
import torch
from torch import Tensor, nn

from ashore.hardware.contract import Contract
from ashore.policies.learners.network import widths
from ashore.policies.policy import Weights

PRICE = 1e-2
"""Weight of the squares of what is fitted to the actions, beside a mean square of about one."""


class ForwardModel(nn.Module):
    """With what is present `p`, what was `c`, and the action `a`, it predicts

        p_next = decoder(p, encoder(c)) + G a + g

    Pretraining taught the encoder and the linear decoder to do so without the action. The decoder
    stays: it is what gives the latent its meaning, on which the policy's trunk relies. `G` and `g`
    are fitted to the log by least squares, so that the encoder needn't tell what the action does.
    """

    weight: Tensor
    """Of the decoder, what reads the next observation, `(present, present + latent)`."""
    bias: Tensor
    """Its bias, `(present,)`."""
    action: Tensor
    """`G` and, in the last row, `g`, `(na + 1, present)`."""

    def __init__(self, contract: Contract, actor: Weights, critic: Weights) -> None:
        """Take a policy's encoder and its decoder, which the critic's weights hold."""
        super().__init__()
        self.present = contract.present_size
        count = len(widths(actor, "encoder"))
        names = [*(f"encoder.{i}" for i in range(count)), "latent"]
        self.layers = nn.ModuleDict({_key(name): _linear(actor, name) for name in names})
        told = _linear(critic, "decoder")
        rows = slice(len(told.bias) - self.present, None)
        self.register_buffer("weight", told.weight.detach()[rows])
        self.register_buffer("bias", told.bias.detach()[rows])
        self.register_buffer("action", torch.zeros(contract.action_size + 1, self.present))

    def final(self, count: int) -> list[nn.Parameter]:
        """Parameters of the encoder's last layers, the latent's among them."""
        return [p for layer in list(self.layers.values())[-count:] for p in layer.parameters()]

    def decoded(self, observation: Tensor) -> Tensor:
        """What the decoder makes of observations `(n, no)`: next ones, `(n, present)`."""
        x = observation[:, self.present :]
        *hidden, latent = self.layers.values()
        for layer in hidden:
            x = nn.functional.elu(layer(x))
        seen = torch.cat([observation[:, : self.present], latent(x)], dim=1)
        return nn.functional.linear(seen, self.weight, self.bias)

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """Predicted next observations, of what is present only, `(n, present)`."""
        predicted: Tensor = self.decoded(observation) + _with_one(action) @ self.action
        return predicted

    @torch.no_grad()
    def fit_action(self, observation: Tensor, action: Tensor, after: Tensor) -> None:
        """Fit what actions do to what the decoder leaves, by ridge regression."""
        given, left = _with_one(action), after - self.decoded(observation)
        square = given.T @ given + PRICE * len(given) * torch.eye(given.shape[1])
        self.action = torch.linalg.solve(square, given.T @ left)

    def encoder(self) -> dict[str, np.ndarray]:
        """Weights of the encoder, under a policy's names."""
        return {
            f"{name.replace('-', '.')}.{part}": value.detach().numpy().copy()
            for name, layer in self.layers.items()
            for part, value in layer.named_parameters()
        }


def _key(name: str) -> str:
    """A layer's name as PyTorch can hold it."""
    return name.replace(".", "-")


def _linear(weights: Weights, name: str) -> nn.Linear:
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(weight)))
        layer.bias.copy_(torch.from_numpy(np.array(bias)))
    return layer


def _with_one(action: Tensor) -> Tensor:
    return torch.cat([action, torch.ones(len(action), 1)], dim=1)
