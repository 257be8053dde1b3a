"""Small trainings that are killed, starved and stopped, for tests and their child processes."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from stable_baselines3 import PPO, SAC

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.lesson import Examination, RobotLesson
from ashore.policies.progress import Watch
from ashore.policies.train_config import NetworkConfig, TrainConfig

SPEC, RANGES = RobotSpec.load("servo"), Randomization.load("servo")
GUSTS = Term(
    parameter="strength", low=0.7, high=1.0, mode="interval", every=(0.2, 0.5), name="gust"
)


@dataclass(frozen=True, kw_only=True)
class Unexamined(RobotLesson):
    """The servo's lesson, whose examination takes no time."""

    def examine(self, act, contract, seed):
        return Examination(reward=np.zeros(1), steps=1)


LESSON = Unexamined(
    spec=SPEC,
    task=make_task("track", SPEC),
    randomization=Randomization(terms=(*RANGES.terms, GUSTS)),
)
PLAIN = TrainConfig(
    steps=2_400,
    robots=8,
    horizon=25,
    network=NetworkConfig(trunk=(16,), critic=(16,)),
    learning_rate=2e-3,
    checkpoint_every=1,
    target=None,
)
WHOLE = replace(
    PLAIN,
    network=replace(PLAIN.network, memory="encoder", encoder=(16,), latent=4),
    target=0.3,
    curriculum=True,
)
CONFIGS = {"plain": PLAIN, "whole": WHOLE}
STEPS = 1_600


def robots(seed=0):
    """Eight servos that stock learners can be given."""
    torch.set_num_threads(1)
    contract = LESSON.task.contract(SPEC)
    config = EnvConfig(robots=8, seed=seed)
    return SimulationVecEnv(SPEC, LESSON.task, contract, LESSON.randomization, config)


def ppo(env, seed=0):
    """Stable-Baselines3's own PPO, whose learning rate falls."""
    return PPO(
        "MlpPolicy",
        env,
        n_steps=25,
        batch_size=50,
        n_epochs=2,
        learning_rate=lambda left: 1e-3 * left,
        policy_kwargs={"net_arch": [16]},
        seed=seed,
        device="cpu",
    )


def sac(env, seed=0):
    """Stable-Baselines3's own SAC, which acts at random first and remembers everything."""
    return SAC(
        "MlpPolicy",
        env,
        learning_starts=200,
        batch_size=32,
        gradient_steps=1,
        learning_rate=lambda left: 1e-3 * left,
        policy_kwargs={"net_arch": [16]},
        seed=seed,
        device="cpu",
    )


def watch(model, run: Path, every=1, report=None, curve=()) -> Watch:
    """A watch over a training of `STEPS` steps."""
    contract = model.get_env().get_attr("contract")[0]
    return Watch(run, contract, STEPS, every, report, list(curve))


def learn(model, watching):
    """Learn what is left of `STEPS` steps."""
    left = STEPS - model.num_timesteps
    model.learn(left, callback=watching, reset_num_timesteps=False, log_interval=None)
