"""`Rollout`: what robots lived through between two updates, and what can be learned from it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ashore.policies.learners.actor_critic import ActorCritic

SUPERVISED = 4
"""Of so many robots, one's context is kept at each tick for the encoder to learn from."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One tick of all robots."""

    observation: Tensor
    """Wide observations before it, `(n, k)`."""
    seen: Tensor
    """What the trunk saw of them, `(n, seen)`."""
    action: Tensor
    """What was done, `(n, na)`."""
    log_prob: Tensor
    """Its log-probability, `(n,)`."""
    reward: Tensor
    """What came of it, `(n,)`."""
    done: Tensor
    """Whose episode ended with it, `(n,)` of 0 and 1."""
    cut: Tensor
    """Who of them had not failed: numbers of the robots."""
    last: Tensor
    """Their last wide observations, `(len(cut), k)`."""


@dataclass(frozen=True, kw_only=True)
class Minibatch:
    """A random part of a rollout for the actor: `b` ticks, each of some robot."""

    seen: Tensor
    """What the trunk took, `(b, seen)`."""
    action: Tensor
    """What was done, `(b, na)`."""
    log_prob: Tensor
    """Its log-probability then, `(b,)`."""
    advantage: Tensor
    """How much better it was than expected, of mean 0 and spread 1 over the rollout, `(b,)`."""


class Rollout:
    """`T` ticks of `n` robots, with the advantages and returns of what was done.

    An episode that ended by time alone goes on in the value of its last observation.

    Source: Schulman et al., "High-dimensional continuous control using generalized advantage
    estimation", arXiv 1506.02438, eq. 16; Pardo et al., "Time limits in reinforcement learning",
    arXiv 1712.00378, section 3.
    """

    def __init__(self, gamma: float, gae_lambda: float) -> None:
        """Take the discount per control step, and the mixing of the advantage estimate."""
        self.gamma, self.gae_lambda = gamma, gae_lambda
        self.steps: list[Step] = []

    @torch.no_grad()
    def take(self, steps: list[Step], final: Tensor, policy: ActorCritic) -> None:
        """Judge what was lived through in `steps`, before the wide observations `final` `(n, k)`.

        What was there before is forgotten.
        """
        self.steps, self.final, n = steps, final, len(final)
        every = torch.cat([*(step.observation for step in steps), final])
        self.judged = policy.judge(every)
        values = policy.value(self.judged).view(-1, n)
        self.judged = self.judged[: len(steps) * n]
        reward = torch.stack([step.reward for step in steps])
        done = torch.stack([step.done for step in steps])
        for step, row in zip(steps, reward, strict=True):
            if len(step.cut):
                row[step.cut] += self.gamma * policy.value(policy.judge(step.last))
        advantage = torch.zeros_like(reward)
        ahead = torch.zeros(n)
        for t in reversed(range(len(steps))):
            alive = 1.0 - done[t]
            surprise = reward[t] + self.gamma * alive * values[t + 1] - values[t]
            ahead = surprise + self.gamma * self.gae_lambda * alive * ahead
            advantage[t] = ahead
        self.target = (advantage + values[:-1]).flatten()
        flat = advantage.flatten()
        self.advantage = (flat - flat.mean()) / (flat.std() + 1e-8)
        self.seen = torch.cat([step.seen for step in steps])
        self.action = torch.cat([step.action for step in steps])
        self.log_prob = torch.cat([step.log_prob for step in steps])

    def parts(self, count: int) -> list[Tensor]:
        """Cut the rollout's rows into `count` random parts."""
        return list(torch.randperm(len(self.seen)).tensor_split(count))

    def minibatch(self, rows: Tensor) -> Minibatch:
        """What the actor learns from some rows."""
        return Minibatch(
            seen=self.seen[rows],
            action=self.action[rows],
            log_prob=self.log_prob[rows],
            advantage=self.advantage[rows],
        )

    def lessons(self, policy: ActorCritic) -> tuple[Tensor, Tensor]:
        """What was observed, was true then and seen next, of one robot in `SUPERVISED`.

        Args:
            policy: whose encoder shall learn.

        Returns:
            In random order, what was observed `(m, present + context)` and truths `(m, privileged +
            present)`, the present part NaN where an episode ended in between.
        """
        shape, observed, truths = policy.shape, [], []
        following = [*(step.observation for step in self.steps[1:]), self.final]
        for t, (step, after) in enumerate(zip(self.steps, following, strict=True)):
            rows = slice(t % SUPERVISED, None, SUPERVISED)
            observed.append(step.observation[rows, : shape.observed])
            then = after[rows, : shape.present].clone()
            then[step.done[rows] > 0.0] = torch.nan
            truths.append(torch.cat([step.observation[rows, shape.observed :], then], dim=1))
        order = torch.randperm(sum(len(part) for part in observed))
        return torch.cat(observed)[order], torch.cat(truths)[order]
