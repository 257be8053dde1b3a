"""`tune_on_log`: tune an encoder's final layers on a log alone, without any simulator."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import measured_episodes
from ashore.adapt.tuning.forward_model import ForwardModel
from ashore.envs.tasks.task import Task
from ashore.hardware.logs.log import Log
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights

Floats = NDArray[np.float32]
Steps = tuple[Tensor, Tensor, Tensor]
"""Observations, actions, and what was present next."""


@dataclass(frozen=True, kw_only=True)
class LogOnlyConfig:
    """How an encoder is tuned on a log."""

    layers: int = 2
    """How many of the encoder's last layers learn, the latent's among them."""
    learning_rate: float = 1e-3
    """Learning rate."""
    epochs: int = 60
    """Passes over the log at most."""
    batch: int = 256
    """Steps of each update."""
    held: float = 0.2
    """Share of the log, its end, that the loss is told of; as much before it chooses the pass."""
    fewest: int = 200
    """Fewest steps that are learned from."""
    seed: int = 0
    """Seed of the order in which steps are learned from."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """`T` consecutive control steps of a policy on the robot."""

    observation: Floats
    """What the policy saw, `(T, no)`."""
    action: Floats
    """What it said, `(T, na)`."""


@dataclass(frozen=True, kw_only=True)
class LogTuned:
    """An encoder tuned on a log, and how well it predicts what it was not tuned on."""

    actor: Weights = field(repr=False)
    """The policy's weights with the tuned encoder in them."""
    before: float
    """Mean squared error of the next observation on the held end of the log, pretrained."""
    after: float
    """The same, tuned."""
    nothing: float
    """The same of the guess that nothing changes from one step to the next."""
    epochs: int
    """Passes until the weights that were kept; 0 where none predicted better."""


def stretches(log: Log, task: Task) -> list[Stretch]:
    """Cut a log into what its policy lived through.

    Raises:
        AdaptError: it is of another task, or holds no policy at work.
    """
    steps = log.policy
    return [
        Stretch(observation=steps.observation[each.rows], action=steps.action[each.rows])
        for each in measured_episodes(log, task)
    ]


def require_encoder(bundle: Bundle) -> None:
    """Refuse a policy without an encoder, or one whose critic forgot how its latent is read.

    Raises:
        AdaptError: it is one.
    """
    if "latent.weight" not in bundle.actor or "decoder.weight" not in bundle.critic:
        raise AdaptError(
            "this policy has no encoder that a log alone could tune; train one with "
            "`ashore train --memory encoder`, or adapt this one in simulation"
        )


def tune_on_log(
    bundle: Bundle, lived: Sequence[Stretch], config: LogOnlyConfig | None = None
) -> LogTuned:
    """Let the encoder's final layers learn to predict the log's next observations.

    No reward and no simulator are in it: the encoder reads what robot this is, and learns to read
    it from this robot; trunk and head stay. It cannot teach the policy what no robot of pretraining
    asked of it.

    Source: Hansen et al., "Self-supervised policy adaptation during deployment", ICLR 2021, section
    3, with the next observation, which pretraining supervised here, in place of the action.

    Raises:
        AdaptError: the policy has no encoder, or the log is too short or of another contract.
    """
    settings = config or LogOnlyConfig()
    require_encoder(bundle)
    learned, chosen, held = _parts(bundle, lived, settings)
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    model = ForwardModel(bundle.contract, bundle.actor, bundle.critic)
    model.fit_action(*learned)
    before, kept, best, epoch = _loss(model, held), deepcopy(model), _loss(model, chosen), 0
    optimizer = torch.optim.Adam(model.final(settings.layers), lr=settings.learning_rate)
    for number in range(1, settings.epochs + 1):
        count = len(learned[0])
        for rows in torch.randperm(count).tensor_split(max(1, count // settings.batch)):
            observation, action, after = (part[rows] for part in learned)
            loss = (model(observation, action) - after).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        model.fit_action(*learned)
        if (now := _loss(model, chosen)) < best:
            kept, best, epoch = deepcopy(model), now, number
    present = held[0][:, : bundle.contract.present_size]
    return LogTuned(
        actor={**bundle.actor, **kept.encoder()},
        before=before,
        after=_loss(kept, held),
        nothing=float((held[2] - present).square().mean()),
        epochs=epoch,
    )


def _parts(
    bundle: Bundle, lived: Sequence[Stretch], config: LogOnlyConfig
) -> tuple[Steps, Steps, Steps]:
    """The log's steps in order: those to learn from, those to choose by, those held."""
    contract, present = bundle.contract, bundle.contract.present_size
    for each in lived:
        found = each.observation.shape[1:], each.action.shape[1:]
        if found != ((contract.observation_size,), (contract.action_size,)):
            raise AdaptError(
                f"the log's policy saw {found[0]} and said {found[1]} numbers a step; this one "
                f"sees {contract.observation_size} and says {contract.action_size}: give a log "
                "that this policy recorded"
            )
    count = sum(max(0, len(each.observation) - 1) for each in lived)
    if count < config.fewest:
        raise AdaptError(
            f"the log holds {count} steps of the policy, and an encoder learns from at least "
            f"{config.fewest}; record for longer"
        )
    parts = (
        np.concatenate([each.observation[:-1] for each in lived]),
        np.concatenate([np.clip(each.action[:-1], -1.0, 1.0) for each in lived]),
        np.concatenate([each.observation[1:, :present] for each in lived]),
    )
    known = np.isfinite(np.concatenate(parts, axis=1)).all(axis=1)
    tensors = [torch.from_numpy(part[known].astype(np.float32)) for part in parts]
    last = round(len(tensors[0]) * (1.0 - config.held))
    middle = round(len(tensors[0]) * (1.0 - 2.0 * config.held))
    ranges = slice(0, middle), slice(middle, last), slice(last, None)
    learned, chosen, held = (tuple(each[part] for each in tensors) for part in ranges)
    return _three(learned), _three(chosen), _three(held)


def _three(parts: tuple[Tensor, ...]) -> Steps:
    observation, action, after = parts
    return observation, action, after


@torch.no_grad()
def _loss(model: ForwardModel, steps: Steps) -> float:
    observation, action, after = steps
    return float((model(observation, action) - after).square().mean())
