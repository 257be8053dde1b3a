"""`ActorCritic`: the networks that are trained, as Stable-Baselines3 knows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.distributions import DiagGaussianDistribution, Distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import Tensor, nn

Layers = Iterable[Iterable[nn.Parameter]]
"""Parameters of one layer after another."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the networks see, and how wide they are.

    An observation is what is present, then the context, then what is privileged.
    """

    present: int
    """Numbers of an observation that say what is now."""
    context: int = 0
    """Numbers behind those that say what was."""
    privileged: int = 0
    """Numbers behind those that only a critic is told."""
    trunk: tuple[int, ...] = (64, 64)
    """Widths of the actor's layers before the head."""
    critic: tuple[int, ...] = (128, 128)
    """Widths of the critic's layers."""
    encoder: tuple[int, ...] = ()
    """Widths of the layers that read the context before the latent; none for no encoder."""
    latent: int = 16
    """Numbers that an encoder makes of the context."""
    spread: float = 0.5
    """First standard deviation of the action."""

    @property
    def observed(self) -> int:
        """Numbers that the robot itself sees."""
        return self.present + self.context

    @property
    def seen(self) -> int:
        """Numbers that the actor's trunk takes."""
        return self.present + self.latent if self.encoder else self.observed

    @property
    def judged(self) -> int:
        """Numbers that the critic takes."""
        return (self.present if self.encoder else self.observed) + self.privileged


class ActorCritic(ActorCriticPolicy):
    """An actor of encoder, trunk and head, and a critic that is told what the robot can't sense.

        latent = encoder(context)        seen = (present, latent)
        action ~ N(head(trunk(seen)), exp(log_std)^2)
        value = critic(present, privileged)

    Only supervision trains the encoder: a linear decoder reads what is privileged and the next
    present observation out of `seen`. So rollouts keep latents, and the many passes of the
    policy's update never run the encoder. Without an encoder the trunk sees the context itself.

    Source: Kumar et al., "RMA: Rapid motor adaptation for legged robots", RSS 2021, section III;
    Ji et al., "Concurrent training of a control policy and a state estimator", RA-L 2022.
    """

    squash: Tensor | None
    """What a tanh of the head is multiplied by, `(na,)`; None for a head without."""

    def __init__(
        self,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        lr_schedule: Schedule,
        shape: Shape,
        use_sde: bool = False,
    ) -> None:
        """Make networks of a shape."""
        self.shape = shape
        super().__init__(observation_space, action_space, lr_schedule, use_sde=use_sde)

    def _build(self, lr_schedule: Schedule) -> None:
        shape, actions = self.shape, _size(self.action_space)
        self.encoder: nn.Sequential | None = None
        if shape.encoder:
            self.encoder = _layers((shape.context, *shape.encoder), shape.latent, 1.0)
            decoded = shape.privileged + shape.present
            self.decoder = _linear(shape.latent + shape.present, decoded, 1.0)
        self.actor = _layers((shape.seen, *shape.trunk), actions, 0.01)
        self.critic = _layers((shape.judged, *shape.critic), 1, 1.0)
        self.register_buffer("squash", None)
        self.log_std = nn.Parameter(torch.full((actions,), log(shape.spread)))
        self.optimizers = {"critic": _adam(self.critic.parameters(), lr_schedule(1.0))}
        if self.encoder is not None:
            supervised = [*self.encoder.parameters(), *self.decoder.parameters()]
            self.optimizers["encoder"] = _adam(supervised, lr_schedule(1.0))
        self.take([[*self.actor.parameters(), self.log_std]], lr_schedule(1.0))

    def take(self, layers: Layers, rate: float, shrink: float = 1.0) -> None:
        """Begin to optimize `layers` of the actor, and only those.

        Args:
            layers: parameters of each.
            rate: learning rate of the first layer.
            shrink: each layer's rate is this share of the rate of the layer before it.
        """
        groups = [{"params": list(each), "share": shrink**i} for i, each in enumerate(layers)]
        made = torch.optim.Adam(groups or [{"params": []}], lr=rate, eps=1e-5)
        self.optimizer = self.optimizers["actor"] = made

    def see(self, observation: Tensor) -> Tensor:
        """What the trunk takes of wide observations `(n, k)`: `(n, seen)`."""
        shape = self.shape
        if self.encoder is None:
            return observation[:, : shape.observed]
        with torch.no_grad():
            latent = self.encoder(observation[:, shape.present : shape.observed])
        return torch.cat([observation[:, : shape.present], latent], dim=1)

    def judge(self, observation: Tensor) -> Tensor:
        """What the critic takes of wide observations `(n, k)`: `(n, judged)`."""
        shape = self.shape
        if self.encoder is None:
            return observation
        parts = [observation[:, : shape.present], observation[:, shape.observed :]]
        return torch.cat(parts, dim=1)

    def mean(self, seen: Tensor) -> Tensor:
        """Mean action `(n, na)` of what the trunk takes."""
        raw: Tensor = self.actor(seen)
        return raw if self.squash is None else self.squash * torch.tanh(raw)

    def value(self, judged: Tensor) -> Tensor:
        """Value `(n,)` of what the critic takes."""
        value: Tensor = self.critic(judged)
        return value[:, 0]

    def supervision(self, observed: Tensor, truth: Tensor) -> Tensor:
        """Squared error with which the decoder reads `truth` out of present and latent.

        Args:
            observed: what robots saw, `(m, present + context)`.
            truth: what is privileged and the next present observation, `(m, decoded)`; NaN where
                an episode ended in between.
        """
        if self.encoder is None:
            raise RuntimeError("there is no encoder to supervise")
        present, context = observed[:, : self.shape.present], observed[:, self.shape.present :]
        error = self.decoder(torch.cat([present, self.encoder(context)], dim=1)) - truth
        return torch.where(torch.isnan(truth), torch.zeros_like(error), error).square().mean()

    def get_distribution(self, obs: PyTorchObs) -> Distribution:
        """Distribution of the action for wide observations."""
        mean = self.mean(self.see(torch.as_tensor(obs)))
        actions = _size(self.action_space)
        return DiagGaussianDistribution(actions).proba_distribution(mean, self.log_std)

    def predict_values(self, obs: PyTorchObs) -> Tensor:
        """Values `(n, 1)` of wide observations."""
        return self.value(self.judge(torch.as_tensor(obs)))[:, None]

    def forward(self, obs: Tensor, deterministic: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Actions, values and log-probabilities for wide observations."""
        distribution = self.get_distribution(obs)
        actions = distribution.get_actions(deterministic=deterministic)
        return actions, self.predict_values(obs), distribution.log_prob(actions)

    def _predict(self, observation: PyTorchObs, deterministic: bool = False) -> Tensor:
        return self.get_distribution(observation).get_actions(deterministic=deterministic)

    def evaluate_actions(
        self, obs: PyTorchObs, actions: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Values, log-probabilities and entropy of actions under wide observations."""
        distribution = self.get_distribution(obs)
        return self.predict_values(obs), distribution.log_prob(actions), distribution.entropy()


def _layers(widths: tuple[int, ...], out: int, gain: float) -> nn.Sequential:
    """Linear layers with ELU between them, the last one's weights of size `gain`."""
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [_linear(wide, narrow, sqrt(2.0)), nn.ELU()]
    return nn.Sequential(*layers, _linear(widths[-1], out, gain))


def _linear(wide: int, narrow: int, gain: float) -> nn.Linear:
    layer = nn.Linear(wide, narrow)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


def _adam(parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Adam:
    return torch.optim.Adam([{"params": list(parameters)}], lr=rate, eps=1e-5)


def _size(space: gymnasium.Space[Any]) -> int:
    return int(np.prod(space.shape or ()))
