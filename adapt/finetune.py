"""`finetune`: train a policy's final layers in simulators drawn from a posterior."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from ashore.adapt.examine import examine, forgotten
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.tasks.task import Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.policies.bundle import Bundle
from ashore.policies.learners.network import (
    RUNGS,
    actor_weights,
    final_layers,
    load_weights,
    shape_of,
)
from ashore.policies.policy import Weights
from ashore.policies.train import make_ppo, told
from ashore.policies.train_config import TrainConfig

VALIDATION_SEED = 7_000
"""Seed of the robots and commands that trials are compared on."""


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig:
    """What is trained, for how long, and how near it stays to the pretrained policy."""

    rungs: tuple[str, ...] = RUNGS
    """What each rung of the ladder trains of the actor; the critic always learns."""
    steps: int = 250_000
    """Control steps of each rung."""
    robots: int = 256
    """Robots simulated together."""
    learning_rate: float = 1e-3
    """First learning rate of the head."""
    deeper: float = 0.5
    """Factor on the learning rate for each further rung."""
    anchor: float = 0.003
    """Weight of KL(policy || pretrained)."""
    share: float = 0.25
    """Share of robots still drawn from the pretraining ranges."""
    spread: float = 0.15
    """Standard deviation of the action while tuning."""
    warmup: int = 4
    """Updates in which only the critic learns, before the actor moves."""
    fresh_warmup: int = 24
    """The same where the critic begins untrained: SAC and TQC leave none that fits."""
    weights: tuple[float, ...] = (0.25, 0.5, 0.7, 0.85, 1.0)
    """Interpolations between pretrained (0) and tuned (1) that validation chooses from."""
    nominal_loss: float = 0.024
    """Largest share of its reward on the pretraining ranges that a candidate may lose.

    Below the gate's own allowance, which is measured on other robots: a candidate chosen at the
    very edge would fall over it by chance."""
    least_gain: float = 0.004
    """Gain in validation reward that a further rung must bring."""
    validation_robots: int = 192
    """Paired episodes that each trial is judged on."""
    seed: int = 0
    """Seed of tuning; validation and gate have seeds of their own."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rung at one interpolation, on validation robots."""

    rung: str
    """What was trained; `none` for the pretrained policy."""
    weight: float
    """Interpolation: 0 pretrained, 1 tuned."""
    target: float
    """Mean reward per step on the posterior's robots."""
    source: float
    """Mean reward per step on the pretraining ranges."""
    actor: Weights = field(repr=False)
    """The weights it stands for."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What fine-tuning found: the best trial, and all of them for the report."""

    best: Trial
    """The candidate."""
    trials: tuple[Trial, ...]
    """The pretrained policy first, then every rung and interpolation tried."""
    steps: int
    """Control steps spent."""


Report = Callable[[str, float], None]
"""Called with the rung and the share of its steps that is done."""


class Finetuner:
    """Climbs the ladder of rungs, each from the pretrained weights, while validation improves."""

    def __init__(
        self,
        bundle: Bundle,
        task: Task,
        target: Source,
        source: Source,
        config: FinetuneConfig | None = None,
    ) -> None:
        """Tune `bundle` for robots from `target`, remembering those from `source`."""
        self.bundle, self.task = bundle, task
        self.target, self.source = target, source
        self.told = Randomization.from_json(bundle.randomization)
        self.config = config or FinetuneConfig()

    def run(self, report: Report | None = None) -> Tuned:
        """Tune and choose on validation robots.

        Raises:
            TrainingError: a loss is not finite.
        """
        torch.set_num_threads(1)
        before = self._trial("none", 0.0, self.bundle.actor)
        trials, best, steps = [before], before, 0
        for depth, rung in enumerate(self.config.rungs):
            tuned = self._tune(rung, depth, report)
            steps += self.config.steps
            found = [
                self._trial(rung, weight, blend(self.bundle.actor, tuned, weight))
                for weight in self.config.weights
            ]
            trials += found
            candidate = max(found, key=lambda trial: self._score(trial, before))
            if self._score(candidate, before) < self._score(best, before) + self.config.least_gain:
                break
            best = candidate
        return Tuned(best=best, trials=tuple(trials), steps=steps)

    def _score(self, trial: Trial, before: Trial) -> float:
        """Validation reward, less what is forgotten beyond the allowance, heavily."""
        beyond = forgotten(before.source, trial.source) - self.config.nominal_loss
        return trial.target - 10.0 * max(0.0, beyond)

    def _trial(self, rung: str, weight: float, actor: Weights) -> Trial:
        def reward(source: Source) -> float:
            robots = self.config.validation_robots
            outcome = examine(self.bundle, self.task, actor, source, robots, VALIDATION_SEED)
            return float(outcome.reward.mean())

        return Trial(
            rung=rung,
            weight=weight,
            target=reward(self.target),
            source=reward(self.source),
            actor=actor,
        )

    def control(self, trial: Trial, report: Report | None = None) -> Weights:
        """Tune just as `trial` was tuned, but on the pretraining ranges: what the log did not do.

        A candidate that gains no more than this one gains from training longer, not from the log.
        """
        unaware = Finetuner(self.bundle, self.task, self.source, self.source, self.config)
        depth = self.config.rungs.index(trial.rung)
        tuned = unaware._tune(trial.rung, depth, report)
        return blend(self.bundle.actor, tuned, trial.weight)

    def _tune(self, rung: str, depth: int, report: Report | None) -> Weights:
        config, bundle = self.config, self.bundle
        env = SimulationVecEnv(
            bundle.spec,
            self.task,
            bundle.contract,
            Mixture(first=self.target, second=self.source, share=config.share),
            EnvConfig(robots=config.robots, seed=config.seed, privileged=self.told),
        )
        privileged = told(env, bundle.contract)
        shape = shape_of(bundle.contract, bundle.actor, bundle.critic, privileged)
        model = make_ppo(env, shape, self._train_config(depth))
        model.set_logger(Logger(folder=None, output_formats=[]))
        load_weights(model.policy, bundle.actor, bundle.critic)
        with torch.no_grad():
            model.policy.log_std.fill_(float(np.log(config.spread)))
        model.anchor_to_present(config.anchor)
        per_update = config.robots * model.n_steps
        model.train_only([])
        model.learn((config.warmup if bundle.critic else config.fresh_warmup) * per_update)
        model.train_only(final_layers(model.policy, rung))
        model.learn(config.steps, callback=_Watch(rung, config.steps, report))
        return actor_weights(model.policy)

    def _train_config(self, depth: int) -> TrainConfig:
        config = self.config
        kept = self.bundle.provenance["config"]
        return TrainConfig(
            robots=config.robots,
            learning_rate=config.learning_rate * config.deeper**depth,
            gamma=kept["gamma"],
            gae_lambda=kept["gae_lambda"],
            seed=config.seed,
        )


def blend(pretrained: Weights, tuned: Weights, weight: float) -> Weights:
    """Interpolate weights: 0 gives `pretrained`, 1 gives `tuned`.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (WiSE-FT), CVPR 2022.
    """
    share = np.float32(weight)
    return {name: old + share * (tuned[name] - old) for name, old in pretrained.items()}


class _Watch(BaseCallback):
    """Reports how far a rung is."""

    def __init__(self, rung: str, steps: int, report: Report | None) -> None:
        super().__init__()
        self.rung, self.steps, self.report = rung, steps, report

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self.report:
            self.report(self.rung, min(1.0, self.num_timesteps / self.steps))
