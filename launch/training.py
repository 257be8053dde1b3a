"""`ashore train`."""

import time
from dataclasses import replace
from functools import partial
from math import isfinite
from pathlib import Path

from ashore.envs.gym.gymnasium_template import Template, is_gymnasium_id
from ashore.envs.physics.warp_batch import find_device
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation_config import DEVICES
from ashore.envs.tasks import make_task
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import progress_bar, say
from ashore.launch.quiet import quiet_physics
from ashore.launch.recipes import GYMNASIUM, OFF_POLICY, recipe_of
from ashore.launch.request import TrainingRequest
from ashore.policies.bundle import Bundle
from ashore.policies.cluster.crew import Crew
from ashore.policies.cluster.recruit import ClusterConfig, recruit
from ashore.policies.errors import TrainingError
from ashore.policies.gymnasium_lesson import GymnasiumLesson
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.lesson import Lesson, RobotLesson
from ashore.policies.progress import Progress
from ashore.policies.train import Recruit, train
from ashore.policies.train_config import TrainConfig


def run_training(asked: TrainingRequest) -> int:
    """Train and save the bundle."""
    lesson, config = plan(asked)
    name = Path(asked.robot).name.replace(":", "-")
    if isinstance(lesson, RobotLesson):
        name = f"{name}-{lesson.task.name}"
    out = asked.out or Path("runs") / name
    if (out / "run.json").exists() and not asked.resume:
        raise TrainingError(
            f"{out} already holds a training; add --resume to go on with it, "
            "or choose another --out"
        )
    recruit = None
    if asked.cluster is not None:
        where = ClusterConfig(address=asked.cluster, workers=asked.workers)
        recruit = partial(gather_crew, where, lesson, config)
    teach(lesson, out, config, recruit)
    return 0


def gather_crew(
    where: ClusterConfig, lesson: Lesson, config: TrainConfig, contract: Contract
) -> Crew:
    """Make a training's robots on a cluster, and say where."""
    crew = recruit(lesson, contract, config, where)
    say(f"{config.robots} robots on {where.workers} workers of {where.address}")
    return crew


def plan(asked: TrainingRequest) -> tuple[RobotLesson | GymnasiumLesson, TrainConfig]:
    """Return what is to be learned, and how.

    Raises:
        SpecError: no such robot.
        TaskError: no such task or environment.
        ModelError: a file of ranges that cannot be read.
    """
    lesson: RobotLesson | GymnasiumLesson
    if asked.backend != "mujoco" and asked.cluster is not None:
        raise TrainingError(
            f"--backend {asked.backend} steps all robots on one device, and --cluster on many "
            "processors; leave out one of them"
        )
    ranges = Randomization.read(asked.ranges) if asked.ranges else None
    if is_gymnasium_id(asked.robot) and not Path(asked.robot).is_dir():
        if asked.task is not None:
            raise TrainingError(
                f"{asked.robot} has a task of its own, which cannot be {asked.task!r}; "
                "leave out --task"
            )
        if asked.algorithm != "ppo":
            raise TrainingError(
                f"{asked.algorithm} has recipes for {', '.join(OFF_POLICY)} only; train "
                f"{asked.robot} with --algorithm ppo"
            )
        if asked.backend != "mujoco":
            raise TrainingError(
                f"{asked.robot} has Python code of its own about MuJoCo's arrays on the processor; "
                "leave out --backend"
            )
        robot = GymnasiumRobot(name=asked.robot)
        lesson = GymnasiumLesson(robot=robot, randomization=ranges or Randomization(terms=()))
        recipe = replace(GYMNASIUM, target=stated_reward(asked.robot))
    else:
        spec = RobotSpec.load(asked.robot)
        task = make_task(asked.task or spec.task, spec)
        ranges = ranges or Randomization.load(asked.robot)
        if asked.backend in DEVICES:
            find_device(DEVICES[asked.backend])
        lesson = RobotLesson(
            spec=spec, task=task, randomization=ranges, backend=asked.backend
        )
        recipe = recipe_of(task.name, asked.algorithm)
    steps = recipe.steps if asked.steps is None else asked.steps
    network = recipe.network
    if asked.memory is not None:
        network = replace(network, memory=asked.memory)
    return lesson, replace(
        recipe, steps=steps, network=network, seed=asked.seed, curriculum=asked.curriculum
    )


def stated_reward(environment: str) -> float | None:
    """Reward per step at which Gymnasium calls an environment solved; None if it doesn't say.

    Raises:
        TaskError: there is no such environment, or none that can be batched.
    """
    template = Template.of(environment)
    solved = template.env.spec.reward_threshold
    return None if solved is None else float(solved) / template.limit


def pretrain(robot: str, task: str, out: Path, steps: int | None, seed: int) -> Bundle:
    """Train a robot at a task; see `teach`."""
    lesson, config = plan(TrainingRequest(robot=robot, task=task, steps=steps, seed=seed))
    return teach(lesson, out, config)


def teach(
    lesson: Lesson, out: Path, config: TrainConfig, recruit: Recruit | None = None
) -> Bundle:
    """Train with a progress bar, save the bundle under `out`, and say how good it is."""
    quiet_physics()
    began = time.monotonic()
    reached: list[float] = []
    restarted, lost = False, 0
    with progress_bar() as bar:

        def show(progress: Progress) -> None:
            nonlocal restarted, lost
            restarted, lost = progress.restarted, progress.lost
            if config.target is not None and progress.reward >= config.target and not reached:
                reached.append(progress.seconds)
            so_far = f", reward {progress.reward:.3f}" if isfinite(progress.reward) else ""
            bar(f"training{so_far}", progress.steps / progress.total)

        bundle = train(lesson, out, config, show, recruit)
    if restarted:
        say("the robots began new episodes on resuming: their environment runs Python of its own")
    if lost:
        say(f"{lost} workers died and were replaced; each cost its share of a rollout at most")
    path = bundle.save(out / "bundle")
    figures = bundle.provenance["figures"]
    stated = ""
    if config.target is not None:
        when = f"reached after {reached[0]:.0f} s" if reached else "not reached here"
        stated = f" (stated: {config.target:g}, {when})"
    say(
        f"reward per step {figures['reward']:.3f}, {figures['return']:,.4g} an episode, on "
        f"{figures['robots']} robots{stated}; {time.monotonic() - began:.0f} s in all"
    )
    measured = [f"{name} {value:.3g}" for name, value in figures["errors"].items()]
    say("; ".join([*measured, f"{figures['failed']} of these robots failed"]))
    if figures["broken"]:
        say(f"{figures['broken']} robots exploded while training, and were begun anew")
    if figures["curriculum"] is not None:
        say(f"the curriculum reached {figures['curriculum']:.0%} of the stated ranges")
    say(f"bundle: {path}; TensorBoard: tensorboard --logdir {out / 'tensorboard'}")
    return bundle
