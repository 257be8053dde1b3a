"""`gather`: robots act under a policy, exploring, and what they live through is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from ashore.envs.dice import Dice
from ashore.policies.learners.actor_critic import ActorCritic
from ashore.policies.learners.rollout import Step

PURPOSE = "exploration"
"""Of the dice that robots explore by: each by its number, whoever it is simulated with."""
Act = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""What is seen of wide observations `(n, k)`, actions `(n, na)`, and their log-probabilities."""
Look = Callable[[int], bool]
"""Called at each tick with the number of robots; ends the gathering with False."""


@runtime_checkable
class Gatherer(Protocol):
    """Robots that gather by themselves, wherever they are."""

    def gather(self, policy: ActorCritic, ticks: int, look: Look) -> "Experience | None":
        """Let them act by a policy, exploring; None if `look` ended it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An episode that ended."""

    tick: int
    """At which tick of the rollout."""
    robot: int
    """Whose, counted from the first robot of the rollout."""
    told: dict[str, Any]
    """What the environment says of it, as Stable-Baselines3 has it."""


@dataclass(frozen=True, kw_only=True)
class Experience:
    """What robots lived through in some ticks."""

    steps: list[Step]
    """Tick by tick."""
    final: Tensor
    """Wide observations after the last, `(n, k)`."""
    endings: list[Ending]
    """Episodes that ended, in the order of ticks and robots."""


def gather(
    env: VecEnv, act: Act, observation: Tensor, ticks: int, look: Look
) -> Experience | None:
    """Let robots act, exploring; None if `look` ended it.

    Args:
        env: the robots.
        act: what they do.
        observation: wide observations now, `(n, k)`.
        ticks: for how long.
        look: called after each tick.
    """
    steps: list[Step] = []
    endings: list[Ending] = []
    for tick in range(ticks):
        seen, action, log_prob = act(observation)
        after, reward, done, infos = env.step(action.clamp(-1.0, 1.0).numpy())
        over = np.flatnonzero(done).tolist()
        endings += [Ending(tick=tick, robot=i, told=infos[i]["episode"]) for i in over]
        cut = [i for i in over if infos[i]["TimeLimit.truncated"]]
        last = [infos[i]["terminal_observation"] for i in cut]
        steps.append(
            Step(
                observation=observation,
                seen=seen,
                action=action,
                log_prob=log_prob,
                reward=torch.from_numpy(reward),
                done=torch.from_numpy(done.astype(np.float32)),
                cut=torch.tensor(cut, dtype=torch.long),
                last=torch.from_numpy(np.stack(last)) if last else observation[:0],
            )
        )
        observation = torch.from_numpy(np.asarray(after))
        if not look(len(observation)):
            return None
    return Experience(steps=steps, final=observation, endings=endings)


@torch.no_grad()
def explore(policy: ActorCritic, dice: Dice, observation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`Act` by a policy, with noise of its `log_std` by the robots' dice."""
    seen = policy.see(observation)
    mean, log_std = policy.mean(seen), policy.log_std
    noise = torch.from_numpy(dice.normal(mean.shape[1]).astype(np.float32))
    return seen, mean + log_std.exp() * noise, log_density(noise, log_std)


def log_density(noise: Tensor, log_std: Tensor) -> Tensor:
    """Log-density of Gaussian actions that are `noise` `(n, na)` standard deviations off."""
    return -(0.5 * noise.square() + log_std + 0.5 * log(2.0 * pi)).sum(dim=1)
