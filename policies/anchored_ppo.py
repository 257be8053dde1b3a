"""`AnchoredPPO`: proximal policy optimization that can be held near a reference policy."""

import copy
from collections.abc import Iterable

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.distributions import make_proba_distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from torch.nn import functional

from ashore.policies.errors import TrainingError


class AnchoredPPO(PPO):
    """Stable-Baselines3's PPO with a loss of two more terms, an anchor and a bound.

    With advantages `A`, probability ratio `r` and clip `e` (`reach`):

        loss = -mean(min(r A, clip(r, 1 - e, 1 + e) A)) + vf_coef * mse(V, R)
               - ent_coef * entropy + anchor * KL(policy || reference)
               + bound * mean(max(0, |mean action| - 1)^2)

    Pretraining uses no anchor; adaptation anchors to the pretrained policy, and trains only the
    parameters it was given.

    Actions beyond 1 are clipped, and there noise no longer explores: `bound` keeps means from
    wandering off where a task drives them into the clip.

    Source: Schulman et al., arXiv 1707.06347, eq. 7 and 9; the anchor as in Schulman et al.'s
    adaptive KL penalty, eq. 8, against a fixed reference.
    """

    reference: ActorCriticPolicy | None = None
    anchor: float = 0.0
    trained: tuple[torch.nn.Parameter, ...] = ()
    reach: float = 0.2
    bound: float = 0.0

    def anchor_to_present(self, weight: float) -> None:
        """Hold the policy near what it is now, with `weight` on the divergence."""
        # The last distribution hangs on a graph, which cannot be copied.
        fresh = {id(self.policy.action_dist): make_proba_distribution(self.action_space)}
        self.reference = copy.deepcopy(self.policy, fresh)
        self.reference.set_training_mode(False)
        self.anchor = weight

    def train_only(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Optimize only `parameters`, with a new optimizer."""
        self.trained = tuple(parameters)
        ids = {id(parameter) for parameter in self.trained}
        for parameter in self.policy.parameters():
            parameter.requires_grad_(id(parameter) in ids)
        rate = self.lr_schedule(1.0)
        self.policy.optimizer = torch.optim.Adam(list(self.trained), lr=rate, eps=1e-5)

    def train(self) -> None:
        """Update from the rollout just collected.

        Raises:
            TrainingError: the loss or a gradient is not finite.
        """
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        parts: dict[str, list[float]] = {}
        trained = self.trained or tuple(self.policy.parameters())
        for _ in range(self.n_epochs):
            for batch in self.rollout_buffer.get(self.batch_size):
                losses = self._losses(batch)
                loss = torch.stack(list(losses.values())).sum()
                self.policy.optimizer.zero_grad()
                torch.autograd.backward(loss)
                norm = torch.nn.utils.clip_grad_norm_(trained, self.max_grad_norm)
                if not torch.isfinite(loss) or not torch.isfinite(norm):
                    raise TrainingError(
                        f"the loss is {loss.item()} and its gradient {norm.item()} after "
                        f"{self.num_timesteps} steps; the last checkpoint is kept: lower the "
                        "learning rate and resume"
                    )
                self.policy.optimizer.step()
                for name, value in losses.items():
                    parts.setdefault(name, []).append(value.item())
        self._n_updates += self.n_epochs
        self._record({name: sum(values) / len(values) for name, values in parts.items()})

    def _losses(self, batch: RolloutBufferSamples) -> dict[str, torch.Tensor]:
        values, log_prob, entropy = self.policy.evaluate_actions(batch.observations, batch.actions)
        mean = self.policy.action_dist.mode()
        gain = batch.advantages
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        ratio = torch.exp(log_prob - batch.old_log_prob)
        reach = self.reach
        clipped = torch.clamp(ratio, 1.0 - reach, 1.0 + reach)
        losses = {
            "policy": -torch.min(gain * ratio, gain * clipped).mean(),
            "value": self.vf_coef * functional.mse_loss(batch.returns, values.flatten()),
        }
        if self.ent_coef and entropy is not None:
            losses["entropy"] = -self.ent_coef * entropy.mean()
        if self.bound > 0.0:
            losses["bound"] = self.bound * functional.relu(mean.abs() - 1.0).square().mean()
        if self.reference is not None and self.anchor > 0.0:
            with torch.no_grad():
                centre = self.reference.get_distribution(batch.observations).mode()
            spreads = self.policy.log_std.exp(), self.reference.log_std.exp().detach()
            losses["anchor"] = self.anchor * _divergence(mean, centre, *spreads)
        return losses

    def _record(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            self.logger.record(f"train/{name}_loss", value)
        self.logger.record("train/spread", torch.exp(self.policy.log_std).mean().item())
        self.logger.record("train/learning_rate", self.policy.optimizer.param_groups[0]["lr"])


def _divergence(
    mean: torch.Tensor, centre: torch.Tensor, spread: torch.Tensor, reference_spread: torch.Tensor
) -> torch.Tensor:
    """Mean over observations of KL(policy || reference), both diagonal Gaussians."""
    ratio = spread / reference_spread
    distance = (mean - centre) / reference_spread
    return (0.5 * (ratio**2 + distance**2 - 1.0) - torch.log(ratio)).sum(dim=-1).mean()
