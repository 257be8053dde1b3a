"""Learners that the benchmark of training lets take turns, on one and the same environment."""

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.evaluate import Act
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Contract
from ashore.launch.turn import Pause
from ashore.policies.learners.anchored_ppo import AnchoredPPO
from ashore.policies.learners.network import actor_weights
from ashore.policies.lesson import RobotLesson
from ashore.policies.policy import Policy
from ashore.policies.train import make_ppo, told
from ashore.policies.train_config import TrainConfig

RSL_RL = "5.5.1"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where a training stands."""

    steps: int
    """Control steps done."""
    act: Act
    """Its policy, without exploration."""


@dataclass(frozen=True, kw_only=True)
class Arena:
    """What all learn, and how."""

    lesson: RobotLesson
    """The task and its robots."""
    contract: Contract
    """With one normaliser for all."""
    config: TrainConfig
    """The recipe: robots, horizon, networks, discount, learning rate."""
    slice: int
    """Control steps between two pauses."""
    watch: Callable[[AnchoredPPO, SimulationVecEnv], None]
    """Called with our learner and its robots before it begins."""

    def env(self, told: bool) -> SimulationVecEnv:
        """Make the robots; what is privileged stands behind observations if `told`."""
        lesson, config = self.lesson, self.config
        ranges = lesson.randomization
        settings = EnvConfig(
            robots=config.robots, seed=config.seed, privileged=ranges if told else None
        )
        return SimulationVecEnv(lesson.spec, lesson.task, self.contract, ranges, settings)


def learn_ours(arena: Arena, pause: Pause) -> None:
    """Train as `ashore train` does."""
    torch.set_num_threads(1)
    env = arena.env(told=True)
    shape = arena.config.network.shape(arena.contract, told(env, arena.contract))
    model = make_ppo(env, shape, arena.config)
    arena.watch(model, env)

    def act() -> Act:
        return Policy(actor_weights(model.policy)).act

    _learn(model, arena, pause, act)


def learn_stock(arena: Arena, pause: Pause) -> None:
    """Train Stable-Baselines3's PPO by the same recipe: what it has a setting for is set alike."""
    config, network = arena.config, arena.config.network
    size = config.robots * config.horizon
    _learn_stable_baselines(
        arena,
        pause,
        n_steps=config.horizon,
        batch_size=-(-size // config.update.minibatches),
        n_epochs=config.update.epochs,
        learning_rate=lambda left: config.learning_rate * (0.01 + 0.99 * left),
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        policy_kwargs={
            "net_arch": {"pi": list(network.trunk), "vf": list(network.critic)},
            "activation_fn": torch.nn.ELU,
            "log_std_init": float(np.log(network.spread)),
        },
    )


def learn_default(arena: Arena, pause: Pause) -> None:
    """Train Stable-Baselines3's PPO with its defaults, but for rollouts that fit a short run."""
    _learn_stable_baselines(arena, pause, n_steps=arena.config.horizon)


def _learn_stable_baselines(arena: Arena, pause: Pause, **options: Any) -> None:
    torch.set_num_threads(1)
    env, seed = arena.env(told=False), arena.config.seed
    with catch_warnings():
        # The last minibatch is a little smaller than the others.
        simplefilter("ignore")
        model = PPO("MlpPolicy", env, seed=seed, device="cpu", **options)

    def act() -> Act:
        return lambda seen: np.asarray(model.predict(seen, deterministic=True)[0])

    _learn(model, arena, pause, act)


def _learn(model: BaseAlgorithm, arena: Arena, pause: Pause, act: Callable[[], Act]) -> None:
    model.set_logger(Logger(folder=None, output_formats=[]))
    model.learn(arena.config.steps, callback=_Slices(arena.slice, pause, act))


class _Slices(BaseCallback):
    """Pauses a training after each slice."""

    def __init__(self, each: int, pause: Pause, act: Callable[[], Act]) -> None:
        super().__init__()
        self.each, self.pause, self.act = each, pause, act
        self.next, self.wanted = each, True

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self.next:
            self.next += self.each
            self.wanted = self.pause(Stand(steps=self.num_timesteps, act=self.act()))

    def _on_step(self) -> bool:
        return self.wanted


def learn_rsl_rl(arena: Arena, pause: Pause) -> None:
    """Train rsl_rl's PPO, with its own settings for legged robots and our networks' widths.

    Its critic is told as much as ours, and its rewards are per second, as its users give them.
    """
    torch.set_num_threads(1)
    config, network = arena.config, arena.config.network
    env = _RslRlEnv(arena.env(told=True), arena.contract)
    hidden = {"class_name": "MLPModel", "activation": "elu", "obs_normalization": False}
    gaussian = {"class_name": "GaussianDistribution", "init_std": network.spread}
    settings: dict[str, Any] = {
        "num_steps_per_env": config.horizon,
        "save_interval": 10**9,
        "multi_gpu": None,
        "seed": config.seed,
        "obs_groups": {"actor": ["seen"], "critic": ["seen", "told"]},
        "actor": {**hidden, "hidden_dims": list(network.trunk), "distribution_cfg": gaussian},
        "critic": {**hidden, "hidden_dims": list(network.critic)},
        "algorithm": {
            "class_name": "PPO",
            "gamma": config.gamma,
            "lam": config.gae_lambda,
            "entropy_coef": 0.005,
            "learning_rate": 1e-3,
        },
    }
    torch.manual_seed(config.seed)
    with redirect_stdout(StringIO()):
        runner = import_module("rsl_rl.runners").OnPolicyRunner(env, settings)
    runner.logger.log = lambda **_: None
    rollout, done = config.robots * config.horizon, 0
    while done < config.steps:
        count = -(-arena.slice // rollout)
        with redirect_stdout(StringIO()):
            runner.learn(count)
        done += count * rollout
        if not pause(Stand(steps=done, act=_rsl_rl_act(runner))):
            return


def _rsl_rl_act(runner: Any) -> Act:
    tensors = import_module("tensordict").TensorDict

    def act(seen: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            found = runner.alg.actor(tensors({"seen": torch.from_numpy(seen)}, [len(seen)]))
        return np.asarray(found.numpy())

    return act


class _RslRlEnv:
    """Our environment as rsl_rl knows one."""

    def __init__(self, env: VecEnv, contract: Contract) -> None:
        self.env, self.size, self.device = env, contract.observation_size, "cpu"
        self.cfg: dict[str, Any] = {}
        self.num_envs, self.num_actions = env.num_envs, contract.action_size
        self.max_episode_length = int(env.get_attr("episode_ticks")[0])
        self.episode_length_buf = torch.zeros(env.num_envs, dtype=torch.long)
        self.period = 1.0 / contract.rate
        self._tensors = import_module("tensordict").TensorDict
        self._seen = np.asarray(env.reset())

    def get_observations(self) -> Any:
        """Return what is seen and what only a critic is told."""
        wide = torch.from_numpy(self._seen)
        parts = {"seen": wide[:, : self.size], "told": wide[:, self.size :]}
        return self._tensors(parts, [self.num_envs])

    def step(self, actions: torch.Tensor) -> tuple[Any, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Advance by a control step."""
        seen, reward, done, infos = self.env.step(actions.clamp(-1.0, 1.0).numpy())
        self._seen = np.asarray(seen)
        cut = [bool(infos[i].get("TimeLimit.truncated")) for i in range(self.num_envs)]
        extras = {"time_outs": torch.tensor(cut)}
        earned = torch.from_numpy(reward) * self.period
        return self.get_observations(), earned, torch.from_numpy(done), extras
