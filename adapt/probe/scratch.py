"""`fit_scratch`: the same network on the same windows, learned whole from random weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ashore.adapt.probe.folds import folds
from ashore.adapt.probe.pooling import MOMENTS
from ashore.adapt.probe.target import Target
from ashore.policies.policy import Layer, Policy

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Ids = NDArray[np.intp]

CALMEST = 1e-6
"""Variance that is added where a spread is taken, so that it has a slope."""


@dataclass(frozen=True, kw_only=True)
class ScratchConfig:
    """How it is learned; what is listed is tried on groups kept back, and the best is used."""

    rates: tuple[float, ...] = (1e-3, 3e-3)
    """Learning rates of AdamW."""
    steps: int = 600
    """Steps, at most."""
    every: int = 50
    """Steps between two looks at what is kept back: the best moment to stop is found."""
    patience: int = 4
    """Looks in a row that find nothing better, after which it is given up."""
    enough: int = 50
    """Windows kept back by which rate and length can be chosen; of fewer, fold after fold."""
    batch: int = 32
    """Windows of one step."""
    decay: float = 1e-2
    """Weight decay."""


class Scratch(nn.Module):
    """Encoder and trunk of a policy's shapes, the same moments over time, and a linear head."""

    def __init__(self, like: Policy, width: int) -> None:
        super().__init__()
        self.present = like.present_size
        latent = [like.latent] if like.latent is not None else []
        self.encoder, self.latent = _layers(like.encoder), _layers(latent)
        self.trunk = _layers(like.trunk)
        features = MOMENTS * sum(bias.size for _, bias in like.trunk)
        self.level = nn.BatchNorm1d(features, affine=False)
        self.head = nn.Linear(features, width)
        nn.init.zeros_(self.head.weight)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """What it gives for windows `(n, ticks, k)`, `(n, width)`."""
        x = seen
        if len(self.latent):
            past = seen[..., self.present :]
            for layer in self.encoder:
                past = nn.functional.elu(layer(past))
            x = torch.cat([seen[..., : self.present], self.latent[0](past)], dim=-1)
        active = []
        for layer in self.trunk:
            x = nn.functional.elu(layer(x))
            active.append(x)
        every = torch.cat(active, dim=-1)
        moments = [every.mean(dim=1), _spread(every), _spread(every.diff(dim=1))]
        given: torch.Tensor = self.head(self.level(torch.cat(moments, dim=1)))
        return given


def _spread(x: torch.Tensor) -> torch.Tensor:
    return (x.var(dim=1, unbiased=False) + CALMEST).sqrt()


class ScratchFit:
    """A network that is learned, and the unit that its numbers are in."""

    def __init__(self, like: Policy, target: Target, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = Scratch(like, target.width)
        number = not target.classes
        self.middle = float(target.value.mean()) if number else 0.0
        self.unit = (float(target.value.std()) or 1.0) if number else 1.0

    def __call__(self, seen: Floats) -> Array:
        """What it gives for windows `(n, ticks, k)`, `(n, width)`."""
        self.network.eval()
        with torch.no_grad():
            given = self.network(torch.from_numpy(seen)).numpy()
        return np.asarray(given * self.unit + self.middle, dtype=np.float64)


def fit_scratch(
    like: Policy, seen: Floats, target: Target, group: Ids, seed: int, config: ScratchConfig
) -> ScratchFit:
    """Choose rate and length by groups kept back, then learn from all windows `(n, ticks, k)`."""
    torch.set_num_threads(1)
    losses = _tried(like, seen, target, folds(target.kinds, group), seed, config)
    best, look = np.unravel_index(int(losses.argmin()), losses.shape)
    fit = ScratchFit(like, target, seed)
    for done, _ in enumerate(_course(fit, seen, target, config.rates[int(best)], config)):
        if done == look:
            break
    return fit


def _tried(
    like: Policy, seen: Floats, target: Target, fold: Ids, seed: int, config: ScratchConfig
) -> Array:
    """Loss on windows kept back, `(rates, looks)`."""
    losses, judged_by = np.zeros((len(config.rates), config.steps // config.every)), 0
    for trial in np.unique(fold):
        if judged_by >= config.enough:
            break
        rows, kept = np.flatnonzero(fold != trial), np.flatnonzero(fold == trial)
        judged_by, judged = judged_by + len(kept), target.take(kept)
        for index, rate in enumerate(config.rates):
            fit = ScratchFit(like, target.take(rows), seed)
            course = _course(fit, seen[rows], target.take(rows), rate, config)
            looks = (judged.loss(fit(seen[kept])) for _ in course)
            found = _until_worse(looks, losses.shape[1], config.patience)
            losses[index] += len(kept) * found
    return losses


def _until_worse(looks: Iterator[float], count: int, patience: int) -> Array:
    """Losses, `(count,)`, the last of which stands for those that nobody waited for."""
    found: list[float] = []
    for loss in looks:
        found.append(loss)
        if len(found) - 1 - int(np.argmin(found)) >= patience:
            break
    return np.array(found + found[-1:] * (count - len(found)))


def _course(
    fit: ScratchFit, seen: Floats, target: Target, rate: float, config: ScratchConfig
) -> Iterator[int]:
    """Learn, and pause every so many steps; the rate falls to nothing by the last of all."""
    rng = np.random.default_rng(0)
    x, kinds = torch.from_numpy(seen), torch.from_numpy(target.kinds)
    y = torch.from_numpy(((target.value - fit.middle) / fit.unit).astype(np.float32))
    optimiser = torch.optim.AdamW(fit.network.parameters(), rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for step in range(1, config.steps + 1):
        fit.network.train()
        rows = rng.permutation(len(x))[: config.batch]
        given = fit.network(x[rows])
        if target.classes:
            loss = nn.functional.cross_entropy(given, kinds[rows])
        else:
            loss = ((given[:, 0] - y[rows]) ** 2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if step % config.every == 0:
            yield step


def _layers(layers: Sequence[Layer]) -> nn.ModuleList:
    """Layers of the same widths, with PyTorch's own random weights."""
    return nn.ModuleList([nn.Linear(*weight.shape) for weight, _ in layers])
