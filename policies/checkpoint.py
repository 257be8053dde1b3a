"""`Checkpoint`: what a killed training goes on from, written whole or not at all."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.randomize.curriculum import Curriculum
from ashore.hardware.contract import Contract
from ashore.policies.errors import TrainingError

NAME = "checkpoint.pt"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Weights, optimizer, random states and learning curve after some update.

    The robots themselves begin new episodes on resuming: physics in flight is not kept.
    """

    steps: int
    """Control steps done."""
    contract: Contract
    """With its normaliser."""
    policy: dict[str, Any]
    """State of actor and critic."""
    optimizer: dict[str, Any]
    """State of the optimizer."""
    random: torch.Tensor
    """State of torch's generator."""
    draws: dict[str, Any]
    """How far the environment's random streams have come."""
    curve: list[tuple[int, float]]
    """Control steps and mean reward per step so far."""
    curriculum: str = ""
    """How far the ranges have widened, where a curriculum widens them."""

    @classmethod
    def of(
        cls, model: BaseAlgorithm, contract: Contract, curve: list[tuple[int, float]]
    ) -> "Checkpoint":
        """Take a checkpoint of a learner."""
        env = model.get_env()
        draws = env.env_method("draws")[0] if env is not None else {}
        source = env.get_attr("source")[0] if env is not None else None
        return cls(
            steps=model.num_timesteps,
            contract=contract,
            policy=model.policy.state_dict(),
            optimizer=model.policy.optimizer.state_dict(),
            random=torch.get_rng_state(),
            draws=draws,
            curve=curve,
            curriculum=source.state() if isinstance(source, Curriculum) else "",
        )

    def save(self, run: Path) -> None:
        """Write the checkpoint into a run's folder, over the older one.

        Raises:
            TrainingError: the disk is full or the folder is gone; the older one is kept.
        """
        content = {
            "steps": self.steps,
            "contract": self.contract.to_json(),
            "policy": self.policy,
            "optimizer": self.optimizer,
            "random": self.random,
            "draws": json.dumps(self.draws),
            "curve": self.curve,
            "curriculum": self.curriculum,
        }
        staging = run / f".{NAME}"
        try:
            torch.save(content, staging)
            os.replace(staging, run / NAME)
        except (OSError, RuntimeError) as error:
            raise TrainingError(f"cannot write a checkpoint to {run}: {error}") from None

    @classmethod
    def load(cls, run: Path) -> "Checkpoint | None":
        """Read a run's checkpoint; None where there is none yet.

        Raises:
            TrainingError: there is one and it cannot be read.
        """
        path = run / NAME
        if not path.exists():
            return None
        try:
            data = torch.load(path, weights_only=True)
            data["contract"] = Contract.from_json(data["contract"])
            data["draws"] = json.loads(data["draws"])
            return cls(**data)
        except Exception as error:
            raise TrainingError(f"{path} is damaged; remove it to start anew") from error

    def restore(self, model: BaseAlgorithm, env: VecEnv) -> None:
        """Put the learner and its environment where the checkpoint was taken."""
        model.policy.load_state_dict(self.policy)
        model.policy.optimizer.load_state_dict(self.optimizer)
        model.num_timesteps = self.steps
        torch.set_rng_state(self.random)
        env.env_method("restore_draws", self.draws)
        source = env.get_attr("source")[0]
        if isinstance(source, Curriculum) and self.curriculum:
            source.restore(self.curriculum)
