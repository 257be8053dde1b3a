"""`AnchoredPPO`: proximal policy optimization that can be held near a reference policy."""

import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn
from torch.nn import functional

from ashore.envs.dice import Dice
from ashore.policies.errors import TrainingError
from ashore.policies.learners.actor_critic import ActorCritic, Layers
from ashore.policies.learners.exploring import PURPOSE, Gatherer, explore, gather, log_density
from ashore.policies.learners.learner_state import State
from ashore.policies.learners.rollout import Minibatch, Rollout
from ashore.policies.learners.update import Update

Found = dict[str, list[float]]
"""What each minibatch gave, by name."""


class AnchoredPPO(PPO):
    """Stable-Baselines3's PPO for sim-to-real: rollouts and updates of an `ActorCritic`.

    With advantages `A`, probability ratio `r` and clip `e` (`reach`):

        actor's loss = -mean(min(r A, clip(r, 1 - e, 1 + e) A)) - entropy * H
                       + anchor * KL(policy || reference)
                       + bound * mean(max(0, |mean action| - 1)^2)
        critic's loss = mse(V, R)

    Pretraining uses no anchor; adaptation anchors to the pretrained policy, and trains only the
    parameters it was given.

    Actions beyond 1 are clipped, and there noise no longer explores: `bound` keeps means from
    wandering off where a task drives them into the clip.

    Source: Schulman et al., arXiv 1707.06347, eq. 7 and 9; the anchor as in Schulman et al.'s
    adaptive KL penalty, eq. 8, against a fixed reference.
    """

    policy: ActorCritic
    reference: ActorCritic | None = None
    anchor: float = 0.0
    teaches: bool = True

    def __init__(self, env: VecEnv, update: Update, **options: Any) -> None:
        """Take the update's settings, and what Stable-Baselines3's PPO takes."""
        size = env.num_envs * options["n_steps"]
        super().__init__(ActorCritic, env, batch_size=size, device="cpu", **options)
        self.update, self.rollout = update, Rollout(self.gamma, self.gae_lambda)
        self.dice = Dice(options.get("seed") or 0, env.num_envs, purpose=PURPOSE)

    def anchor_to_present(self, weight: float) -> None:
        """Hold the policy near what it is now, with `weight` on the divergence."""
        self.reference = copy.deepcopy(self.policy)
        self.reference.set_training_mode(False)
        self.anchor = weight

    def train_only(self, layers: Layers, shrink: float = 1.0) -> None:
        """Of the actor, optimize only `layers`, anew; the encoder stays, the critic learns.

        Each layer learns at `shrink` times the rate of the one before it: give the head first, and
        the deeper a layer is, the less it forgets (discriminative fine-tuning).

        Source: Howard and Ruder, "Universal language model fine-tuning for text classification",
        ACL 2018, section 3.2, where `shrink` is 1 / 2.6.
        """
        kept = [list(each) for each in layers]
        trained = {id(parameter) for each in kept for parameter in each}
        for parameter in self.policy.actor.parameters():
            parameter.requires_grad_(id(parameter) in trained)
        self.policy.log_std.requires_grad_(False)
        self.policy.take(kept, self.lr_schedule(1.0), shrink)
        self.teaches = False

    def _update_learning_rate(
        self, optimizers: list[torch.optim.Optimizer] | torch.optim.Optimizer
    ) -> None:
        """Give every layer its share of the learning rate."""
        super()._update_learning_rate(optimizers)
        for optimizer in optimizers if isinstance(optimizers, list) else [optimizers]:
            for group in optimizer.param_groups:
                group["lr"] *= group.get("share", 1.0)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Let the robots act for some ticks, exploring, and keep what they lived through."""

        def look(robots: int) -> bool:
            self.num_timesteps += robots
            callback.update_locals({"self": self, "env": env})
            return callback.on_step()

        callback.on_rollout_start()
        if isinstance(env, Gatherer):
            found = env.gather(self.policy, n_rollout_steps, look)
        else:
            now = torch.from_numpy(np.asarray(self._last_obs))
            found = gather(env, self.explore, now, n_rollout_steps, look)
        if found is None:
            return False
        over = [{"episode": ending.told} for ending in found.endings]
        self._update_info_buffer(over, np.ones(len(over), dtype=np.bool_))
        self._last_obs = found.final.numpy()
        self.rollout.take(found.steps, found.final, self.policy)
        callback.update_locals({"self": self, "env": env})
        callback.on_rollout_end()
        return True

    def explore(self, observation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is seen of wide observations, a random action, and its log-probability."""
        return explore(self.policy, self.dice, observation)

    def extra_state(self) -> State:
        """Where the dice stand that robots explore by."""
        return {"explored": torch.from_numpy(self.dice.counts)}

    def load_extra_state(self, state: State) -> None:
        """Take back what `extra_state` returned."""
        self.dice.counts = state["explored"].numpy()

    def train(self) -> None:
        """Update from the rollout just collected.

        Actor, critic and encoder share no weight, so each is trained by a thread of its own.

        Raises:
            TrainingError: a loss or a gradient is not finite.
        """
        update, rollout = self.update, self.rollout
        parts = [part for _ in range(update.epochs) for part in rollout.parts(update.minibatches)]
        tasks = [partial(self._train_actor, parts), partial(self._train_critic, parts)]
        if self.policy.encoder is not None and self.teaches:
            tasks.append(partial(self._train_encoder, rollout.lessons(self.policy)))
        for optimizer in self.policy.optimizers.values():
            self._update_learning_rate(optimizer)
        with ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            found = [future.result() for future in [pool.submit(task) for task in tasks]]
        self._n_updates += update.epochs
        for name, values in {name: v for each in found for name, v in each.items()}.items():
            self.logger.record(f"train/{name}", sum(values) / max(1, len(values)))
        self.logger.record("train/spread", self.policy.log_std.exp().mean().item())

    def _train_actor(self, parts: list[Tensor]) -> Found:
        policy, found = self.policy, Found()
        optimizer = policy.optimizers["actor"]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for rows in parts if parameters else ():
            losses, divergence = self._losses(self.rollout.minibatch(rows))
            self._step(torch.stack(list(losses.values())).sum(), optimizer)
            for name, value in losses.items():
                found.setdefault(f"{name}_loss", []).append(value.item())
            found.setdefault("divergence", []).append(divergence)
        found["learning_rate"] = [optimizer.param_groups[0]["lr"]]
        return found

    def _train_critic(self, parts: list[Tensor]) -> Found:
        policy, rollout, found = self.policy, self.rollout, Found(value_loss=[])
        for rows in parts:
            loss = functional.mse_loss(policy.value(rollout.judged[rows]), rollout.target[rows])
            self._step(loss, policy.optimizers["critic"])
            found["value_loss"].append(loss.item())
        return found

    def _train_encoder(self, lessons: tuple[Tensor, Tensor]) -> Found:
        """Let the encoder learn what was true and what came next, in one pass."""
        observed, truths = lessons
        found = Found(encoder_loss=[])
        for rows in torch.arange(len(observed)).tensor_split(self.update.minibatches):
            loss = self.policy.supervision(observed[rows], truths[rows])
            self._step(loss, self.policy.optimizers["encoder"])
            found["encoder_loss"].append(loss.item())
        return found

    def _step(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        self._require_finite("loss", loss)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, self.update.steepest)
        self._require_finite("norm of the gradient", norm)
        optimizer.step()

    def _require_finite(self, what: str, value: Tensor) -> None:
        if not torch.isfinite(value):
            raise TrainingError(
                f"the {what} is {value.item()} after {self.num_timesteps} steps; the last "
                "checkpoint is kept: train anew with a lower learning rate, or resume from it"
            )

    def _losses(self, batch: Minibatch) -> tuple[dict[str, Tensor], float]:
        """The actor's losses, and how far it has moved since the rollout."""
        policy, update = self.policy, self.update
        mean, log_std = policy.mean(batch.seen), policy.log_std
        noise = (batch.action - mean) * torch.exp(-log_std)
        change = log_density(noise, log_std) - batch.log_prob
        ratio = torch.exp(change)
        clipped = ratio.clamp(1.0 - update.reach, 1.0 + update.reach)
        gain, cautious = batch.advantage * ratio, batch.advantage * clipped
        losses = {"policy": -torch.min(gain, cautious).mean()}
        if update.entropy > 0.0:
            losses["entropy"] = -update.entropy * log_std.sum()
        if update.bound > 0.0:
            losses["bound"] = update.bound * functional.relu(mean.abs() - 1.0).square().mean()
        if self.reference is not None and self.anchor > 0.0:
            with torch.no_grad():
                centre = self.reference.mean(batch.seen)
            spreads = log_std.exp(), self.reference.log_std.exp().detach()
            losses["anchor"] = self.anchor * _divergence(mean, centre, *spreads)
        with torch.no_grad():
            return losses, (ratio - 1.0 - change).mean().item()


def _divergence(mean: Tensor, centre: Tensor, spread: Tensor, reference_spread: Tensor) -> Tensor:
    """Mean over observations of KL(policy || reference), both diagonal Gaussians."""
    ratio = spread / reference_spread
    distance = (mean - centre) / reference_spread
    return (0.5 * (ratio**2 + distance**2 - 1.0) - torch.log(ratio)).sum(dim=-1).mean()
