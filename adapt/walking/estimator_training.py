"""`train_estimator`: teach an estimator on simulated robots whose parameters are known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ashore.adapt.errors import AdaptError
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import CLIP, NARROWEST, WIDEST, Estimator
from ashore.adapt.walking.gait_window import SECONDS, SETTLED, gait_windows
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.watched import Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Floats = NDArray[np.float32]
Report = Callable[[str, float], None]

CHUNK = 512
"""Robots that are simulated at a time."""


@dataclass(frozen=True, kw_only=True)
class EstimatorConfig:
    """How an estimator is taught."""

    robots: int = 12_288
    """Simulated robots."""
    seconds: float = 9.0
    """How long each walks after it has settled [s]."""
    epochs: int = 30
    """Passes over them."""
    batch: int = 128
    """Robots of one step."""
    width: int = 256
    """Width of the hidden layers."""
    learning_rate: float = 2e-3
    """Largest rate of the one-cycle schedule."""
    decay: float = 0.02
    """Weight decay of AdamW."""
    dropout: float = 0.1
    """Share of inputs and embeddings left out in learning."""
    least_told: float = 0.03
    """Share of a number's variance that a linear reading must explain for it to be told."""
    seed: int = 0
    """Seed of robots and learning."""


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """Windows of many robots, and the numbers that they were drawn with."""

    windows: Floats
    """`(n, m, f)`."""
    units: Floats
    """`(n, draws)`, 0..1."""
    count: NDArray[np.intp]
    """Windows of each robot before it fell, `(n,)`."""


def train_estimator(
    bundle: Bundle,
    task: Task,
    prior: WalkerPrior,
    config: EstimatorConfig | None = None,
    report: Report = lambda _, __: None,
) -> Estimator:
    """Simulate robots drawn from a prior under the bundle's policy, and learn to read them.

    Raises:
        AdaptError: almost no robot walks long enough for a window.
    """
    config = config or EstimatorConfig()
    lessons = simulate(bundle, task, prior, config, report)
    weights, told = learn(lessons, config, lambda done: report("learning to read a walk", done))
    return Estimator(weights=weights, wide=prior.wide, told=told, policy=bundle.digest)


def simulate(
    bundle: Bundle, task: Task, prior: WalkerPrior, config: EstimatorConfig, report: Report
) -> Lessons:
    """Let robots of the prior walk, and cut their walks into windows."""
    world, rate = Simulation(bundle.spec, 1), bundle.spec.rate
    begin, length = round(SETTLED * rate), round(SECONDS * rate)
    looking, parts = sight(bundle), []
    for first in range(0, config.robots, CHUNK):
        count = min(CHUNK, config.robots - first)
        units = prior.draw(world, Dice(config.seed, count, first, "estimator"))
        cast = Cast(
            source=Crowd(ranges=prior.wide, units=units),
            robots=count,
            ticks=begin + round(config.seconds * rate),
            seed=config.seed + 1 + first,
        )
        found, _ = watch(bundle, task, cast)
        windows = gait_windows(looking, found.seen[:, begin:], length)
        whole = np.clip((found.lived - begin) // length, 0, windows.shape[1])
        parts.append((windows, units.astype(np.float32), whole))
        report("watching robots walk", (first + count) / config.robots)
    windows, drawn, whole = (np.concatenate(each) for each in zip(*parts, strict=True))
    able = whole > 0
    if able.sum() < config.batch:
        raise AdaptError(
            f"only {able.sum()} of {config.robots} simulated robots walked for {SECONDS:g} s under "
            "this policy; train it until it walks"
        )
    return Lessons(windows=windows[able], units=drawn[able], count=whole[able])


def learn(
    lessons: Lessons, config: EstimatorConfig, report: Callable[[float], None]
) -> tuple[dict[str, Floats], NDArray[np.intp]]:
    """Choose what a walk tells, and fit the network by maximum likelihood."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    alive = np.arange(lessons.windows.shape[1]) < lessons.count[:, None]
    mean, sd = lessons.windows[alive].mean(axis=0), lessons.windows[alive].std(axis=0) + 1e-6
    x = np.clip((lessons.windows - mean) / sd, -CLIP, CLIP)
    x[~alive] = 0.0
    middle, spread = lessons.units.mean(axis=0), lessons.units.std(axis=0) + 1e-9
    y = (lessons.units - middle) / spread
    told = np.flatnonzero(explained(x, y, lessons.count) > config.least_told)
    network = _Network(x.shape[2], len(told), config)
    data = [torch.from_numpy(v.astype(np.float32)) for v in (x, y[:, told], alive)]
    _fit(network, data, config, report)
    return {
        **network.arrays(),
        "seen.mean": mean.astype(np.float32),
        "seen.sd": sd.astype(np.float32),
        "told.mean": middle[told].astype(np.float32),
        "told.sd": spread[told].astype(np.float32),
    }, told


def explained(x: Floats, y: Floats, count: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of each number's variance that a ridge regression explains on a kept tenth, `(d,)`."""
    size = count[:, None].astype(np.float64)
    parts = [x.sum(axis=1) / size, np.sqrt((x**2).sum(axis=1) / size)]
    z = np.concatenate(parts, axis=1)
    z = (z - z.mean(axis=0)) / (z.std(axis=0) + 1e-6)
    border = len(z) - max(1, len(z) // 10)
    seen, kept = z[:border], z[border:]
    gram = seen.T @ seen + 0.25 * border * np.eye(z.shape[1])
    predicted = kept @ np.linalg.solve(gram, seen.T @ y[:border])
    error = ((predicted - y[border:]) ** 2).mean(axis=0)
    return np.asarray(1.0 - error / (y[border:] ** 2).mean(axis=0))


class _Network(nn.Module):
    """The estimator's layers."""

    def __init__(self, seen: int, told: int, config: EstimatorConfig) -> None:
        super().__init__()
        width = config.width
        self.window = nn.ModuleList([nn.Linear(seen, width), nn.Linear(width, width)])
        self.robot = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, 2 * told)])
        self.thin, self.drop = nn.Dropout(config.dropout / 2.0), nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor, kept: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log width of each told number, of robots whose windows are `kept`."""
        y = nn.functional.elu(self.window[0](self.thin(x)))
        y = nn.functional.elu(self.window[1](y))
        pooled = (y * kept[..., None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)
        y = nn.functional.elu(self.robot[0](self.drop(pooled)))
        mean, log_sd = self.robot[1](y).chunk(2, dim=1)
        return mean, log_sd.clamp(NARROWEST, WIDEST)

    def arrays(self) -> dict[str, Floats]:
        """Weights under the estimator's names."""
        return {name: value.detach().numpy().copy() for name, value in self.named_parameters()}


def _fit(
    network: _Network,
    data: list[torch.Tensor],
    config: EstimatorConfig,
    report: Callable[[float], None],
) -> None:
    x, y, alive = data
    robots, batch = len(x), config.batch
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.epochs * (robots // batch)
    )
    network.train()
    for epoch in range(config.epochs):
        order = torch.randperm(robots)
        for start in range(0, robots - batch + 1, batch):
            ids = order[start : start + batch]
            mean, log_sd = network(x[ids], _some(alive[ids]))
            off = (y[ids] - mean) / log_sd.exp()
            loss = (0.5 * off * off + log_sd).mean(dim=0).sum()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
        report((epoch + 1) / config.epochs)


def _some(alive: torch.Tensor) -> torch.Tensor:
    """Some of each robot's windows, from one to all: widths are to depend on how many there are."""
    share = 0.1 + 0.9 * torch.rand(len(alive), 1)
    kept = (torch.rand(alive.shape) < share) * alive
    return torch.where(kept.sum(dim=1, keepdim=True) > 0, kept, alive)
