"""A small servo policy to tune, for tests and their child processes."""

from pathlib import Path

from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.finetuner import Finetuner
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.track import Track
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, TrainConfig

SPEC = RobotSpec.load("servo")
SOFT = Randomization(terms=(Term(parameter="gain_divisor", low=480.0, high=560.0),))
SHORT = FinetuneConfig(
    steps=16_000,
    rounds=2,
    robots=64,
    learning_rate=1e-3,
    warmup=1,
    rungs=("head",),
    tries=1,
    validation_robots=32,
)
PER_UPDATE = 64 * 24
"""Control steps between updates."""
TASK = Track(SPEC)
TASK.episode = 2.0
RANGES = Randomization.load("servo")
LESSON = RobotLesson(spec=SPEC, task=TASK, randomization=RANGES)


def pretrained(run: Path) -> Bundle:
    """A policy that training has only begun to form."""
    network = NetworkConfig(trunk=(16, 16), critic=(16,))
    return train(LESSON, run, TrainConfig(steps=40_000, robots=128, network=network))


def tuner(bundle: Bundle, wide: bool = False, **changed: object) -> Finetuner:
    """A short tuning for servos that are softer than any of pretraining."""
    config = FinetuneConfig(**{**vars(SHORT), **changed})
    return Finetuner(bundle, TASK, SOFT, RANGES, config, wide)
