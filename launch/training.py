"""`ashore train`."""

import time
from dataclasses import replace
from pathlib import Path

from ashore.envs.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import progress_bar, say
from ashore.policies.bundle import Bundle
from ashore.policies.errors import TrainingError
from ashore.policies.progress import Progress
from ashore.policies.train import TrainConfig, train

RECIPES: dict[str, TrainConfig] = {
    "track": TrainConfig(),
    "swing_up": TrainConfig(
        steps=4_000_000,
        horizon=32,
        gamma=0.99,
        gae_lambda=0.98,
        spread=0.8,
        bound=0.2,
        target=0.85,
    ),
    "walk": TrainConfig(
        steps=4_000_000,
        gamma=0.98,
        trunk=(128, 128),
        critic=(128, 128),
        spread=0.3,
        target=0.85,
    ),
    "reach": TrainConfig(
        steps=2_000_000,
        gamma=0.97,
        trunk=(128, 128),
        critic=(128, 128),
        spread=0.3,
        target=0.85,
    ),
}
"""What pretraining each task needs."""


def run_training(
    robot: str, task: str | None, out: Path | None, steps: int | None, seed: int, resume: bool
) -> int:
    """Train and save the bundle."""
    task = task or RobotSpec.load(robot).task
    out = out or Path("runs") / f"{Path(robot).name}-{task}"
    if (out / "run.json").exists() and not resume:
        raise TrainingError(
            f"{out} already holds a training; add --resume to go on with it, "
            "or choose another --out"
        )
    pretrain(robot, task, out, steps, seed)
    return 0


def pretrain(robot: str, task: str, out: Path, steps: int | None, seed: int) -> Bundle:
    """Train with a progress bar, save the bundle under `out`, and say how good it is."""
    spec = RobotSpec.load(robot)
    made, ranges = make_task(task, spec), Randomization.load(robot)
    config = replace(RECIPES[task], seed=seed)
    if steps is not None:
        config = replace(config, steps=steps)
    began = time.monotonic()
    reached: list[float] = []
    with progress_bar() as bar:

        def show(progress: Progress) -> None:
            if progress.reward >= config.target and not reached:
                reached.append(progress.seconds)
            bar(f"training, reward {progress.reward:.3f}", progress.steps / progress.total)

        bundle = train(spec, made, ranges, out, config, show)
    path = bundle.save(out / "bundle")
    figures = bundle.provenance["figures"]
    when = f"reached after {reached[0]:.0f} s" if reached else "not reached here"
    say(
        f"reward per step {figures['reward']:.3f} on randomized robots "
        f"(stated: {config.target:g}, {when}); {time.monotonic() - began:.0f} s in all"
    )
    say(f"bundle: {path}; TensorBoard: tensorboard --logdir {out / 'tensorboard'}")
    return bundle
