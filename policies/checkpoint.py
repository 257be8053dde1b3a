"""`Checkpoint`: what a killed training goes on from, written whole or not at all."""

import errno
import io
import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from ashore.envs.errors import EnvsError
from ashore.envs.snapshot import restore, snapshot
from ashore.hardware.contract import Contract
from ashore.policies.errors import TrainingError
from ashore.policies.learners.learner_state import (
    State,
    give_learner,
    give_random,
    is_finite,
    learner_state,
    random_state,
)
from ashore.policies.storage.whole_file import write_file

NAME = "checkpoint.pt"
FORMAT = 3
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A training between two updates: learner, robots in the middle of their episodes, and chance.

    A training that goes on from it has the same weights in the end, to the last bit, as one that
    was never interrupted, on the same machine with the same threads. The file is data: tensors,
    numbers and JSON, and reading it executes nothing.
    """

    steps: int
    """Control steps done."""
    contract: Contract
    """With its normaliser."""
    curve: list[tuple[int, float]]
    """Control steps and mean reward per step so far."""
    learner: State
    """Networks, optimizers, counters, what was seen last (`learner_state`)."""
    chance: State
    """Where the generators stand that the learner draws from (`random_state`)."""
    robots: dict[str, NDArray[Any]]
    """Physics, wires, plans, random streams, curriculum: all that the robots are in the middle of
    (`snapshot`)."""

    @classmethod
    def of(
        cls, model: BaseAlgorithm, contract: Contract, curve: list[tuple[int, float]]
    ) -> "Checkpoint":
        """Take a checkpoint of a learner and its robots, between two updates.

        Raises:
            TrainingError: the learner's weights are not finite, so that nothing could go on.
        """
        env = model.get_env()
        if env is None:
            raise TrainingError("this learner has no robots; give it an environment first")
        if not is_finite(model):
            raise TrainingError(
                f"the policy is no longer finite after {model.num_timesteps} steps; the last "
                "checkpoint, from before, is kept: lower the learning rate"
            )
        return cls(
            steps=model.num_timesteps,
            contract=contract,
            curve=list(curve),
            learner=learner_state(model),
            chance=random_state(model),
            robots=snapshot(env),
        )

    def save(self, run: Path) -> None:
        """Write the checkpoint into a run's folder, in place of the older one.

        Raises:
            TrainingError: the disk is full or the folder is gone; the older one is kept.
        """
        content = {
            "format": FORMAT,
            "steps": self.steps,
            "contract": self.contract.to_json(),
            "curve": json.dumps(self.curve),
            "learner": self.learner,
            "chance": self.chance,
            "robots": {path: torch.from_numpy(array) for path, array in self.robots.items()},
        }
        packed = io.BytesIO()
        torch.save(content, packed)
        try:
            write_file(run / NAME, packed.getbuffer())
        except OSError as error:
            raise TrainingError(_unwritten(run, self.steps, packed.tell(), error)) from None

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
            if data["format"] == FORMAT:
                return cls._unpacked(data)
        except Exception as error:
            raise TrainingError(f"{path} is damaged; remove it to start anew") from error
        raise TrainingError(
            f"{path} has format {data['format']} and this version reads {FORMAT}; go on with the "
            "version that wrote it, or remove it to start anew"
        )

    @classmethod
    def _unpacked(cls, data: dict[str, Any]) -> "Checkpoint":
        return cls(
            steps=data["steps"],
            contract=Contract.from_json(data["contract"]),
            curve=[(int(steps), float(reward)) for steps, reward in json.loads(data["curve"])],
            learner=data["learner"],
            chance=data["chance"],
            robots={path: tensor.numpy() for path, tensor in data["robots"].items()},
        )

    def restore(self, model: BaseAlgorithm, env: VecEnv) -> bool:
        """Put a learner and its robots, made from the same configuration, where this was taken.

        Returns:
            Whether the robots go on in the middle of their episodes. Those whose environment runs
            Python code of its own begin new ones; nothing else is lost.

        Raises:
            TrainingError: the checkpoint is of another learner, or of other robots.
        """
        try:
            going = restore(env, self.robots)
        except EnvsError as error:
            raise TrainingError(f"cannot go on from the checkpoint: {error}") from None
        give_learner(model, self.learner)
        if not going:
            # Stable-Baselines3 then begins episodes by itself.
            model._last_obs = None
        give_random(model, self.chance)
        return going


def _unwritten(run: Path, steps: int, size: int, error: OSError) -> str:
    """Why a checkpoint could not be written, what is left, and what to do."""
    older = "the older one is kept" if (run / NAME).exists() else "there is no older one"
    room = f"make room for {ceil(size / 1e6)} MB there"
    cure = room if error.errno in _FULL else "mend that"
    return (
        f"cannot write the checkpoint after {steps} steps to {run}: {error.strerror}; {older}: "
        f"{cure} and go on with --resume"
    )
