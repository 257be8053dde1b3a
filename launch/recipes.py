"""What pretraining needs: a recipe for each task, by each algorithm that it was tried with."""

from dataclasses import replace

from ashore.policies.errors import TrainingError
from ashore.policies.learners.update import Update
from ashore.policies.train_config import Algorithm, NetworkConfig, OffPolicyConfig, TrainConfig

_MANY_JOINTS = TrainConfig(
    robots=256,
    horizon=32,
    update=Update(epochs=5, minibatches=5),
    network=NetworkConfig(trunk=(128, 128), spread=0.3),
)

RECIPES: dict[str, TrainConfig] = {
    "track": TrainConfig(),
    "swing_up": TrainConfig(
        steps=4_000_000,
        horizon=32,
        gamma=0.99,
        gae_lambda=0.98,
        update=Update(bound=0.2),
        network=NetworkConfig(spread=0.8),
        target=0.85,
    ),
    "walk": replace(_MANY_JOINTS, steps=4_000_000, gamma=0.98, target=0.8),
    "reach": replace(_MANY_JOINTS, steps=2_000_000, gamma=0.97, target=0.85),
}
"""What pretraining each task needs."""

_REMEMBERING = TrainConfig(
    algorithm="sac",
    robots=128,
    horizon=8,
    learning_rate=2e-3,
    gamma=0.9,
    checkpoint_every=40,
)

OFF_POLICY: dict[str, TrainConfig] = {
    "track": replace(_REMEMBERING, steps=150_000),
    "reach": replace(
        _REMEMBERING,
        steps=200_000,
        network=NetworkConfig(trunk=(128, 128)),
        off_policy=OffPolicyConfig(replay=100_000, updates=32),
        target=0.85,
    ),
}
"""What it needs by SAC or TQC, for the tasks that they were tried on."""

GYMNASIUM = TrainConfig(
    steps=1_000_000,
    robots=32,
    horizon=64,
    learning_rate=6e-4,
    gamma=0.995,
    update=Update(epochs=10, minibatches=8),
    network=NetworkConfig(critic=(64, 64), spread=0.6),
)
"""What pretraining an environment of Gymnasium's gets, whichever it is."""


def recipe_of(task: str, algorithm: Algorithm) -> TrainConfig:
    """Return what pretraining a task needs, by an algorithm.

    Raises:
        TrainingError: there is a recipe for that task, but not by that algorithm.
    """
    if algorithm == "ppo":
        return RECIPES[task]
    if task not in OFF_POLICY:
        raise TrainingError(
            f"{algorithm} has no recipe for {task}: it has for {', '.join(OFF_POLICY)}; "
            "train with --algorithm ppo"
        )
    return replace(OFF_POLICY[task], algorithm=algorithm)
