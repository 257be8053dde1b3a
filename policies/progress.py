"""`Watch`: what a training says of itself as it runs, the checkpoints it leaves, how it stops."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread, main_thread

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from ashore.envs.randomize.curriculum import Curriculum
from ashore.hardware.contract import Contract
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.errors import TrainingStopped


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
    restarted: bool = False
    """Whether robots had to begin new episodes as this training was resumed, since they run Python
    code of their own; all else went on."""
    lost: int = 0
    """Workers of a cluster that died and were replaced."""


POINTS = 500
"""Points of a learning curve at most: SAC and TQC have an update after every step."""

Report = Callable[[Progress], None]


class Watch(BaseCallback):
    """Reports, keeps the learning curve, and checkpoints every few updates and on being stopped.

    Checkpoints are taken between an update and the next rollout, where a training can go on to the
    same bits.
    """

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
        self.restarted = False
        self.asked = ""

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Let Ctrl-C, or a request to end, stop the learning inside after the running update.

        The second one ends everything at once; the last checkpoint is whole then too. Where signals
        cannot be caught, outside of the main thread, none is.

        Raises:
            TrainingStopped: it was asked for, and a checkpoint is kept.
        """
        if current_thread() is not main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._ask) for number in numbers}
        try:
            yield
            if self.asked:
                self._stop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, _: object) -> None:
        self.asked = "by Ctrl-C" if number == signal.SIGINT else "as asked by a signal"
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _stop(self) -> None:
        self.checkpoint()
        raise TrainingStopped(
            f"stopped {self.asked} after {self.num_timesteps:,} of {self.total:,} steps; all of it "
            f"is kept in {self.run}: go on with --resume"
        )

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.asked:
            self._stop()
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
        since = self.num_timesteps - (self.curve[-1][0] if self.curve else 0)
        if np.isfinite(reward) and since >= self.total / POINTS:
            self.curve.append((self.num_timesteps, reward))
        if self.report:
            self.report(
                Progress(
                    steps=min(self.num_timesteps, self.total),
                    total=self.total,
                    reward=reward,
                    seconds=time.monotonic() - self.began,
                    restarted=self.restarted,
                    lost=getattr(self.training_env, "lost", 0),
                )
            )

    def checkpoint(self) -> None:
        """Keep what a killed training goes on from.

        Raises:
            TrainingError: the policy is not finite, or the disk is full; the older one is kept.
        """
        Checkpoint.of(self.model, self.contract, self.curve).save(self.run)
