"""`Watch`: what a training says of itself while it runs, and the checkpoints it leaves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from ashore.envs.randomize.curriculum import Curriculum
from ashore.hardware.contract import Contract
from ashore.policies.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training stands."""

    steps: int
    """Control steps done."""
    total: int
    """Control steps to do."""
    reward: float
    """Mean reward per step of recent episodes, had they lasted; NaN before the first."""
    seconds: float
    """Time since this process began to train [s]."""


Report = Callable[[Progress], None]


class Watch(BaseCallback):
    """Reports, keeps the learning curve, and checkpoints every few updates."""

    def __init__(
        self,
        run: Path,
        contract: Contract,
        total: int,
        every: int,
        report: Report | None,
        curve: list[tuple[int, float]],
    ) -> None:
        """Watch a training of `total` steps in `run`, with a checkpoint each `every` updates."""
        super().__init__()
        self.run, self.contract, self.report = run, contract, report
        self.total, self.every = total, every
        self.curve = list(curve)
        self.began = time.monotonic()
        self.updates = 0

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.updates and self.updates % self.every == 0:
            self.checkpoint()
        self.updates += 1

    def _on_rollout_end(self) -> None:
        episodes = self.model.ep_info_buffer or ()
        # A robot that failed earned nothing in the time that was left.
        each = [episode["r"] / episode.get("whole", episode["l"]) for episode in episodes]
        reward = float(np.mean(each)) if each else float("nan")
        self.logger.record("rollout/reward_per_step", reward)
        source = self.training_env.get_attr("source")[0]
        if isinstance(source, Curriculum):
            self.logger.record("curriculum/covered", source.progress)
        if np.isfinite(reward):
            self.curve.append((self.num_timesteps, reward))
        if self.report:
            seconds = time.monotonic() - self.began
            steps = min(self.num_timesteps, self.total)
            self.report(Progress(steps=steps, total=self.total, reward=reward, seconds=seconds))

    def checkpoint(self) -> None:
        """Keep what a killed training goes on from."""
        Checkpoint.of(self.model, self.contract, self.curve).save(self.run)
