"""`make_off_policy`: SAC and TQC, which learn from all that robots ever lived through."""

from functools import partial
from typing import Any

import numpy as np
import torch
from sb3_contrib import TQC
from stable_baselines3 import SAC
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from ashore.hardware.contract import Contract
from ashore.policies.errors import TrainingError
from ashore.policies.learners.network import Arrays, arrays
from ashore.policies.learners.off_policy_networks import SensedSAC, SensedTQC
from ashore.policies.train_config import TrainConfig

STEEPEST = 10.0
"""Largest norm of the actor's gradient, and of the critics'."""


class Finite(OffPolicyAlgorithm):
    """What a learner needs in front of its own training to stop where a number is not finite."""

    critic: Any
    ent_coef_optimizer: Any

    def _setup_model(self) -> None:
        super()._setup_model()
        _guard(self)

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Make gradient steps on random transitions.

        Raises:
            TrainingError: a weight or a gradient is not finite, as with a loss that is not.
        """
        _require_finite_weights(self)
        super().train(gradient_steps, batch_size)


class FiniteSAC(Finite, SAC):
    """Stable-Baselines3's SAC, which stops where a number is not finite.

    Source: Haarnoja et al., "Soft actor-critic algorithms and applications", arXiv 1812.05905.
    """


class FiniteTQC(Finite, TQC):
    """Stable-Baselines3's TQC, which stops where a number is not finite.

    Source: Kuznetsov et al., "Controlling overestimation bias with truncated mixture of continuous
    distributional quantile critics", ICML 2020.
    """


OffPolicy = FiniteSAC | FiniteTQC
"""A learner that remembers."""


def make_off_policy(env: VecEnv, contract: Contract, config: TrainConfig) -> OffPolicy:
    """Return the learner that `config.algorithm` names, for robots under a contract.

    Its actor sees what the contract says; what stands behind that in an observation, only its
    critics are told. An episode that ended by time alone goes on in the value of its last
    observation.

    Raises:
        TrainingError: the configuration asks for an encoder, or for a learner that isn't one of
            these.
    """
    settings, options, networks = config.off_policy, _options(config), _networks(contract, config)
    if config.algorithm == "sac":
        return FiniteSAC(SensedSAC, env, policy_kwargs=networks, **options)
    if config.algorithm == "tqc":
        networks["n_quantiles"] = settings.quantiles
        options["top_quantiles_to_drop_per_net"] = settings.dropped
        return FiniteTQC(SensedTQC, env, policy_kwargs=networks, **options)
    raise TrainingError(f"{config.algorithm} remembers no transitions; sac and tqc do")


def off_policy_actor(learner: OffPolicy) -> Arrays:
    """The actor's weights under the names that `Policy` reads; its actions are a tanh."""
    actor = learner.actor
    hidden = [layer for layer in actor.latent_pi if isinstance(layer, nn.Linear)]
    if not isinstance(actor.mu, nn.Linear):
        raise TypeError("an actor whose head is no linear layer")
    layers = {**{f"trunk.{i}": layer for i, layer in enumerate(hidden)}, "head": actor.mu}
    return {**arrays(layers), "head.squash": np.ones(actor.mu.out_features, np.float32)}


def _options(config: TrainConfig) -> dict[str, Any]:
    """What Stable-Baselines3's learners take."""
    settings = config.off_policy
    return {
        "learning_rate": lambda left: config.learning_rate * (0.01 + 0.99 * left),
        "buffer_size": settings.replay,
        "learning_starts": settings.starts,
        "batch_size": settings.batch,
        "tau": settings.tau,
        "gamma": config.gamma,
        "train_freq": config.horizon,
        "gradient_steps": settings.updates,
        "ent_coef": f"auto_{settings.entropy}",
        "seed": config.seed,
        "device": "cpu",
    }


def _networks(contract: Contract, config: TrainConfig) -> dict[str, Any]:
    """What their networks take.

    Raises:
        TrainingError: an encoder is asked for.
    """
    network = config.network
    if network.memory == "encoder":
        raise TrainingError(
            f"{config.algorithm} trains no encoder; ask for the memory `history`, which shows all "
            "layers the same past, or train with ppo"
        )
    return {
        "observed": contract.observation_size,
        "net_arch": {"pi": list(network.trunk), "qf": list(network.critic)},
        "activation_fn": nn.ELU,
    }


def _guard(learner: Finite) -> None:
    """Let no optimizer of a learner make a step that is not finite, or too steep."""
    guarded = {"actor": learner.actor.optimizer, "critic": learner.critic.optimizer}
    if learner.ent_coef_optimizer is not None:
        guarded["entropy's weight"] = learner.ent_coef_optimizer
    for name, optimizer in guarded.items():
        optimizer.register_step_pre_hook(partial(_temper, learner, name))


def _temper(learner: Finite, name: str, optimizer: torch.optim.Optimizer, *_: Any) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, STEEPEST)
    if not torch.isfinite(norm):
        raise _stopped(learner, f"norm of the {name}'s gradient is {norm.item()}")


def _require_finite_weights(learner: Finite) -> None:
    for name, network in (("actor", learner.actor), ("critic", learner.critic)):
        total = torch.stack([each.detach().abs().sum() for each in network.parameters()]).sum()
        if not torch.isfinite(total):
            raise _stopped(learner, f"sum of the {name}'s weights is {total.item()}")


def _stopped(learner: Finite, found: str) -> TrainingError:
    return TrainingError(
        f"the {found} after {learner.num_timesteps} steps; the last checkpoint is kept: train anew "
        "with a lower learning rate, or resume from it"
    )
