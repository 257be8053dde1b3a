"""`Parcel`: a rollout as arrays, as a squad sends it to the learner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ashore.policies.learners.actor_critic import ActorCritic
from ashore.policies.learners.exploring import Ending, Experience
from ashore.policies.learners.rollout import Step

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`T` ticks of `n` robots."""

    observation: Floats
    """Wide observations before each tick and after the last, `(T + 1, n, k)`."""
    action: Floats
    """What was done, `(T, n, na)`."""
    log_prob: Floats
    """Its log-probability, `(T, n)`."""
    reward: Floats
    """What came of it, `(T, n)`."""
    done: NDArray[np.bool_]
    """Whose episode ended, `(T, n)`."""
    cut: NDArray[np.int64]
    """Tick and robot of each ending that was no failure, `(m, 2)`, in their order."""
    last: Floats
    """Last wide observation of each of those, `(m, k)`."""
    endings: tuple[tuple[int, int, dict[str, Any]], ...]
    """Tick, robot and account of each episode that ended, in their order."""

    @classmethod
    def of(cls, experience: Experience) -> "Parcel":
        """Pack what robots lived through."""
        steps = experience.steps
        seen = [*(step.observation for step in steps), experience.final]
        return cls(
            observation=torch.stack(seen).numpy(),
            action=torch.stack([step.action for step in steps]).numpy(),
            log_prob=torch.stack([step.log_prob for step in steps]).numpy(),
            reward=torch.stack([step.reward for step in steps]).numpy(),
            done=torch.stack([step.done for step in steps]).numpy() > 0.0,
            cut=np.array(
                [(t, i) for t, step in enumerate(steps) for i in step.cut.tolist()], np.int64
            ).reshape(-1, 2),
            last=torch.cat([step.last for step in steps]).numpy(),
            endings=tuple((each.tick, each.robot, each.told) for each in experience.endings),
        )

    @property
    def robots(self) -> int:
        """How many robots it is of."""
        return int(self.reward.shape[1])

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        arrays = (each for each in vars(self).values() if isinstance(each, np.ndarray))
        return sum(each.nbytes for each in arrays)


def unpacked(parcels: Sequence[Parcel], policy: ActorCritic) -> Experience:
    """What all robots lived through, as if they had been one batch.

    What the trunk saw is not sent: `policy`, which they acted by, sees it again.
    """
    first = np.cumsum([0, *(parcel.robots for parcel in parcels)])
    whole = {
        name: torch.from_numpy(np.concatenate([getattr(p, name) for p in parcels], axis=1))
        for name in ("observation", "action", "log_prob", "reward", "done")
    }
    cut = np.concatenate([p.cut + np.array([0, begin]) for p, begin in _numbered(parcels, first)])
    last = np.concatenate([parcel.last for parcel in parcels])
    order = np.lexsort((cut[:, 1], cut[:, 0]))
    cut, last = cut[order], last[order]
    endings = [
        Ending(tick=tick, robot=int(robot + begin), told=told)
        for parcel, begin in _numbered(parcels, first)
        for tick, robot, told in parcel.endings
    ]
    steps = []
    for t, observation in enumerate(whole["observation"][:-1]):
        mine = cut[:, 0] == t
        steps.append(
            Step(
                observation=observation,
                seen=policy.see(observation),
                action=whole["action"][t],
                log_prob=whole["log_prob"][t],
                reward=whole["reward"][t],
                done=whole["done"][t].float(),
                cut=torch.from_numpy(cut[mine, 1]),
                last=torch.from_numpy(last[mine]) if mine.any() else observation[:0],
            )
        )
    endings.sort(key=lambda each: (each.tick, each.robot))
    return Experience(steps=steps, final=whole["observation"][-1], endings=endings)


def _numbered(parcels: Sequence[Parcel], first: NDArray[np.int64]) -> list[tuple[Parcel, int]]:
    return list(zip(parcels, first[:-1].tolist(), strict=True))
