"""`train`: pretrain a policy over randomized simulation, through kills and restarts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.logger import configure

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec
from ashore.policies.anchored_ppo import AnchoredPPO
from ashore.policies.bundle import Bundle
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.errors import TrainingError
from ashore.policies.model_card import learning_curve, model_card
from ashore.policies.network import actor_weights, critic_weights, network_options
from ashore.policies.policy import Policy
from ashore.policies.progress import Report, Watch
from ashore.policies.provenance import provenance


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long, how wide and how fast to train."""

    steps: int = 1_500_000
    """Control steps, over all robots."""
    robots: int = 512
    """Robots simulated together."""
    horizon: int = 24
    """Control steps of each robot between updates."""
    epochs: int = 4
    """Passes over each rollout."""
    minibatches: int = 4
    """Parts that a rollout is cut into."""
    learning_rate: float = 1e-3
    """First learning rate; it falls linearly to a hundredth."""
    gamma: float = 0.95
    """Discount per control step."""
    gae_lambda: float = 0.95
    """Mixing of the advantage estimate."""
    bound: float = 0.0
    """Weight of the loss that keeps mean actions within the clip."""
    trunk: tuple[int, ...] = (64, 64)
    """Widths of the actor's layers before the head."""
    critic: tuple[int, ...] = (128, 128)
    """Widths of the critic's layers."""
    spread: float = 0.5
    """First standard deviation of the action."""
    seed: int = 0
    """Seed of everything."""
    checkpoint_every: int = 10
    """Updates between checkpoints."""
    target: float = 0.95
    """Mean reward per step that counts as trained; when it was reached goes into the card."""


def train(
    spec: RobotSpec,
    task: Task,
    randomization: Randomization,
    run: Path,
    config: TrainConfig,
    report: Report | None = None,
) -> Bundle:
    """Pretrain in folder `run`, or go on where a killed training of the same config stopped.

    Leaves TensorBoard events and checkpoints in `run`, and returns the bundle, unsaved.

    Raises:
        TrainingError: the folder holds another training, or the loss is not finite.
        ModelError: a range of the randomization is not physical.
    """
    torch.set_num_threads(1)
    randomization.check(Simulation(spec, 1))
    _claim(run, spec, task, randomization, config)
    kept = Checkpoint.load(run)
    contract = kept.contract if kept else _with_normaliser(spec, task, randomization, config)
    env_config = EnvConfig(robots=config.robots, seed=config.seed)
    env = SimulationVecEnv(spec, task, contract, randomization, env_config)
    model = make_ppo(env, config)
    model.set_logger(configure(str(run / "tensorboard"), ["tensorboard"]))
    if kept:
        kept.restore(model, env)
    every, curve = config.checkpoint_every, kept.curve if kept else []
    watch = Watch(run, contract, config.steps, every, report, curve)
    remaining = config.steps - model.num_timesteps
    if remaining > 0:
        model.learn(remaining, callback=watch, reset_num_timesteps=False)
        watch.checkpoint()
    return _bundle(spec, task, contract, randomization, config, model, watch.curve)


def make_ppo(env: SimulationVecEnv, config: TrainConfig) -> AnchoredPPO:
    """Return the learner that pretraining and fine-tuning share."""
    model = AnchoredPPO(
        "MlpPolicy",
        env,
        n_steps=config.horizon,
        batch_size=max(2, config.robots * config.horizon // config.minibatches),
        n_epochs=config.epochs,
        learning_rate=lambda left: config.learning_rate * (0.01 + 0.99 * left),
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        policy_kwargs=network_options(config.trunk, config.critic, config.spread),
        seed=config.seed,
        device="cpu",
    )
    model.bound = config.bound
    return model


def _claim(
    run: Path, spec: RobotSpec, task: Task, randomization: Randomization, config: TrainConfig
) -> None:
    parts = {
        "robot": spec.to_dict(),
        "task": task.name,
        "randomization": json.loads(randomization.to_json()),
        "config": asdict(config),
    }
    identity = json.dumps(parts, sort_keys=True)
    path = run / "run.json"
    try:
        run.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(identity, encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"cannot write to run folder {run}: {error.strerror}") from None
    if path.read_text(encoding="utf-8") != identity:
        raise TrainingError(
            f"{run} holds a training of another robot, task, randomization or configuration; "
            "choose another folder, or remove that one"
        )


def _with_normaliser(
    spec: RobotSpec, task: Task, randomization: Randomization, config: TrainConfig
) -> Contract:
    """Bake into the contract the mean and spread of observations under random actions."""
    contract = task.contract(spec)
    env_config = EnvConfig(robots=min(config.robots, 256), seed=config.seed + 1)
    env = SimulationVecEnv(spec, task, contract, randomization, env_config)
    rng = np.random.default_rng(config.seed)
    seen = [env.reset()]
    for _ in range(50):
        action = rng.uniform(-0.5, 0.5, (env.num_envs, contract.action_size))
        seen.append(env.advance(action)[0])
    observations = np.concatenate(seen).astype(np.float64)
    return contract.with_normaliser(observations.mean(axis=0), observations.std(axis=0) + 0.05)


def _bundle(
    spec: RobotSpec,
    task: Task,
    contract: Contract,
    randomization: Randomization,
    config: TrainConfig,
    model: AnchoredPPO,
    curve: list[tuple[int, float]],
) -> Bundle:
    actor = actor_weights(model.policy)
    course = Course(spec=spec, task=task, source=randomization, seed=config.seed + 1_000)
    outcome = evaluate(Policy(actor).act, contract, course)
    slices = {
        name: float(outcome.reward[mask].mean()) if mask.any() else float("nan")
        for name, mask in task.slices(outcome.plan).items()
    }
    figures = {
        "reward": float(outcome.reward.mean()),
        "worst_reward": float(outcome.reward.min()),
        "slices": slices,
        "target": config.target,
        "steps_to_target": next((step for step, reward in curve if reward >= config.target), None),
    }
    facts = provenance(asdict(config), figures)
    card = model_card(contract, randomization, facts)
    return Bundle(
        spec=spec,
        contract=contract,
        actor=actor,
        critic=critic_weights(model.policy),
        randomization=randomization.to_json(),
        provenance=facts,
        attachments={"card.md": card.encode(), "curve.svg": learning_curve(curve, config.target)},
    )
