"""`train`: pretrain a policy over randomized simulation, through kills and restarts."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.randomize.curriculum import Curriculum
from ashore.envs.randomize.randomization import Source
from ashore.hardware.contract import Contract
from ashore.policies.bundle import Bundle
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.event_log import event_logger
from ashore.policies.finished import Finished
from ashore.policies.learners.actor_critic import Shape
from ashore.policies.learners.anchored_ppo import AnchoredPPO
from ashore.policies.learners.network import actor_weights, critic_weights
from ashore.policies.learners.off_policy import OffPolicy, make_off_policy, off_policy_actor
from ashore.policies.lesson import Lesson
from ashore.policies.policy import Weights
from ashore.policies.progress import Report, Watch
from ashore.policies.storage.claim import claim
from ashore.policies.train_config import TrainConfig

Learner = AnchoredPPO | OffPolicy


Recruit = Callable[[Contract], VecEnv]
"""Makes a training's robots somewhere else than here."""


def train(
    lesson: Lesson,
    run: Path,
    config: TrainConfig,
    report: Report | None = None,
    recruit: Recruit | None = None,
) -> Bundle:
    """Pretrain in folder `run`, or go on where a killed training of the same config stopped.

    Leaves TensorBoard events and checkpoints in `run`, and returns the bundle, unsaved.

    Args:
        lesson: what is trained.
        run: the folder.
        config: how.
        report: told how far it is.
        recruit: makes the robots, where they are not to be here.

    Raises:
        TrainingError: the folder holds another training, the loss is not finite, the disk is full.
        TrainingStopped: it was asked to stop; a checkpoint is kept.
        ModelError: a range of the randomization is not physical.
    """
    torch.set_num_threads(1)
    world = lesson.world()
    lesson.randomization.check(world)
    source: Source = lesson.randomization
    if config.curriculum:
        source = Curriculum(lesson.randomization, world, config.widening)
    _claim(run, lesson, config)
    kept = Checkpoint.load(run)
    contract = kept.contract if kept else lesson.contract(config.network, config.seed)
    env = (recruit or partial(_here, lesson, config, source))(contract)
    with closing(env):
        model = make_learner(env, contract, config)
        restarted = kept is not None and not kept.restore(model, env)
        model.set_logger(event_logger(run, model.num_timesteps))
        curve = kept.curve if kept else []
        watch = Watch(run, contract, config.steps, config.checkpoint_every, report, curve)
        watch.restarted = restarted
        _learn(model, watch)
        widening = source if isinstance(source, Curriculum) else None
        actor, critic = weights(model)
        finished = Finished(
            lesson=lesson,
            reached=widening.reached if widening else lesson.randomization,
            contract=contract,
            config=config,
            actor=actor,
            critic=critic,
            curve=watch.curve,
            coverage=env.env_method("survey")[0],
            broken=env.get_attr("broken")[0],
            curriculum=widening.progress if widening else None,
            resumed=kept.steps if kept else 0,
            seconds=time.monotonic() - watch.began,
        )
    return finished.bundle()


def _here(lesson: Lesson, config: TrainConfig, source: Source, contract: Contract) -> VecEnv:
    """Make a training's robots in this process."""
    return lesson.env(contract, config.robots, config.seed, source)


def _learn(model: Learner, watch: Watch) -> None:
    """Learn what is left, if anything is, and keep it."""
    remaining = watch.total - model.num_timesteps
    if remaining > 0:
        with watch.stoppable():
            model.learn(remaining, callback=watch, reset_num_timesteps=False)
        watch.checkpoint()


def make_learner(env: VecEnv, contract: Contract, config: TrainConfig) -> Learner:
    """Return the learner that a configuration names.

    Raises:
        TrainingError: SAC or TQC with an encoder.
    """
    if config.algorithm == "ppo":
        return make_ppo(env, config.network.shape(contract, told(env, contract)), config)
    return make_off_policy(env, contract, config)


def make_ppo(env: VecEnv, shape: Shape, config: TrainConfig) -> AnchoredPPO:
    """Return the learner that pretraining and fine-tuning share."""
    return AnchoredPPO(
        env,
        config.update,
        n_steps=config.horizon,
        learning_rate=lambda left: config.learning_rate * (0.01 + 0.99 * left),
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        policy_kwargs={"shape": shape},
        seed=config.seed,
    )


def weights(model: Learner) -> tuple[Weights, Weights]:
    """A learner's actor and critic, as a bundle holds them; SAC's and TQC's critics stay behind."""
    if isinstance(model, AnchoredPPO):
        return actor_weights(model.policy), critic_weights(model.policy)
    return off_policy_actor(model), {}


def told(env: VecEnv, contract: Contract) -> int:
    """Numbers behind each observation that only a critic is told."""
    return int((env.observation_space.shape or (0,))[0]) - contract.observation_size


def _claim(run: Path, lesson: Lesson, config: TrainConfig) -> None:
    parts = {
        **lesson.identity,
        "randomization": json.loads(lesson.randomization.to_json()),
        "config": asdict(config),
    }
    other = "a training of another robot, task, randomization or configuration"
    claim(run, "run.json", json.dumps(parts, sort_keys=True).encode(), other)
