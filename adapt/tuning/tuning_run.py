"""`TuningRun`: a learner and its robots while one rung of the ladder is climbed."""

from collections.abc import Callable

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.trial import Stage
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.policies.learners.low_rank import add_low_rank
from ashore.policies.learners.network import (
    actor_weights,
    critic_weights,
    final_layers,
    load_weights,
    shape_of,
)
from ashore.policies.policy import Weights
from ashore.policies.train import make_ppo, told


class TuningRun:
    """Trains what a rung says, anchored to the pretrained policy, in rounds.

    First only the critic learns, then the actor's layers too. The learning rate falls linearly over
    the rung, and each layer has `shrink` of the rate of the next one towards the head.
    """

    def __init__(self, work: Assignment, stage: Stage, actor: Weights, critic: Weights) -> None:
        """Make a learner that goes on from an actor and its critic, and robots for it.

        Args:
            work: whose policy, and for which robots.
            stage: the rung, and how many updates it may take.
            actor: what to begin with.
            critic: its critic; none for a new one.
        """
        self.work, self.stage = work, stage
        config, bundle = work.config, work.bundle
        self.env = SimulationVecEnv(
            bundle.spec,
            work.task,
            bundle.contract,
            Mixture(first=work.target, second=work.source, share=config.share),
            EnvConfig(robots=config.robots, seed=config.seed, privileged=work.told),
        )
        privileged = told(self.env, bundle.contract)
        shape = shape_of(bundle.contract, bundle.actor, critic, privileged)
        self.model = make_ppo(self.env, shape, work.learning)
        self.model.set_logger(Logger(folder=None, output_formats=[]))
        self.model.lr_schedule = self._rate
        load_weights(self.model.policy, bundle.actor, critic)
        with torch.no_grad():
            self.model.policy.log_std.fill_(float(np.log(config.spread)))
        self.model.anchor_to_present(config.anchor)
        load_weights(self.model.policy, actor, {})
        if stage.rung == "low_rank":
            add_low_rank(self.model.policy, config.rank)

    def warm_up(self) -> None:
        """Let only the critic learn."""
        self.model.train_only([])
        self.model.learn(self.stage.warmup * self.work.per_update)

    def begin(self) -> None:
        """From here on let the rung's layers learn too."""
        layers = final_layers(self.model.policy, self.stage.rung)
        self.model.train_only(layers, self.work.config.shrink)

    def advance(self, updates: int, report: Callable[[float], None] = lambda _: None) -> None:
        """Learn for some updates; `report` is called with the share of the rung that is done.

        Raises:
            TrainingError: a loss is not finite.
        """
        steps = updates * self.work.per_update
        watch = _Watch(lambda: report(self.updates / self.stage.updates))
        self.model.learn(steps, callback=watch, reset_num_timesteps=False)

    @property
    def updates(self) -> int:
        """Updates done, the critic's alone among them."""
        return self.model.num_timesteps // self.work.per_update

    @property
    def actor(self) -> Weights:
        """The weights so far, any change of low rank merged."""
        return actor_weights(self.model.policy)

    @property
    def critic(self) -> Weights:
        """The critic so far."""
        return critic_weights(self.model.policy)

    def _rate(self, _: float) -> float:
        """Learning rate of the head."""
        config, stage = self.work.config, self.stage
        done = max(0, self.updates - stage.warmup) / max(1, stage.updates - stage.warmup)
        return config.learning_rate * (1.0 - (1.0 - config.cooled) * min(1.0, done))


class _Watch(BaseCallback):
    """Calls back after each rollout."""

    def __init__(self, report: Callable[[], None]) -> None:
        super().__init__()
        self.report = report

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self.report()
