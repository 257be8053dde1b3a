"""`TuningCheckpoint`: the folder that a killed tuning goes on from."""

import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ashore.adapt.errors import AdaptError
from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.climb import Climb
from ashore.adapt.tuning.tuning_run import TuningRun
from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Source
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.storage.whole_file import write_file

NAME = "climb.pt"
FORMAT = 1
SAMPLE = 16
"""Robots by whose parameters a source is known again."""


class TuningCheckpoint:
    """Keeps a tuning between two rounds: ladder, learner, optimizer, robots and chance.

    A tuning that goes on from it ends with the same weights, to the last bit, as one that was never
    interrupted, on the same machine. The learner is put beside first, in a folder of its own, and
    one file then says which folder belongs to it: whenever it ends, the two belong together.
    """

    def __init__(self, folder: Path, work: Assignment) -> None:
        """Keep the tuning of an assignment in a folder."""
        self.folder, self.work = folder, work
        self.asked = _identity(work)

    def load(self) -> Climb | None:
        """Read where the tuning stands; None where it has not begun.

        Raises:
            AdaptError: the folder holds another tuning, or is damaged.
        """
        path = self.folder / NAME
        if not path.exists():
            return None
        try:
            data = torch.load(path, weights_only=True)
            kept, climb = json.loads(data["asked"]), _unpacked(data)
        except Exception as error:
            raise AdaptError(f"{path} is damaged; remove it to tune anew") from error
        if other := [what for what, mark in self.asked.items() if kept.get(what) != mark]:
            raise AdaptError(
                f"{self.folder} holds a tuning with {other[0]} other than asked for now; choose "
                "another folder, or remove that one"
            )
        return climb

    def save(self, climb: Climb, run: TuningRun | None = None) -> None:
        """Keep where the tuning stands, and the learner of the rung in progress.

        Raises:
            AdaptError: the folder cannot be written; what was kept before is kept.
            TrainingError: the weights are not finite, or the learner cannot be written.
        """
        beside = self._beside(climb)
        plain, arrays = climb.pack()
        flat = {
            f"{name}/{part}": torch.from_numpy(np.array(value))
            for name, weights in arrays.items()
            for part, value in weights.items()
        }
        content = {
            "format": FORMAT,
            "asked": json.dumps(self.asked),
            "climb": json.dumps(plain),
            "weights": flat,
        }
        packed = io.BytesIO()
        torch.save(content, packed)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if run is not None:
                beside.mkdir(exist_ok=True)
                Checkpoint.of(run.model, self.work.bundle.contract, []).save(beside)
            write_file(self.folder / NAME, packed.getbuffer())
        except OSError as error:
            raise AdaptError(
                f"cannot keep the tuning in {self.folder}: {error.strerror}; make room there, or "
                "choose another folder, and go on"
            ) from None
        self._forget_all_but(beside if run is not None else None)

    def restore(self, climb: Climb, run: TuningRun) -> None:
        """Put a rung's learner and robots, just begun, where they were.

        Raises:
            AdaptError: what was kept of them is gone.
            TrainingError: it is damaged, or of another learner.
        """
        beside = self._beside(climb)
        kept = Checkpoint.load(beside)
        if kept is None:
            raise AdaptError(f"{beside} is gone; remove {self.folder} to tune anew")
        kept.restore(run.model, run.env)

    def _beside(self, climb: Climb) -> Path:
        """Folder of the learner that belongs to where the ladder stands."""
        done = 0 if climb.ascent is None else climb.ascent.done
        return self.folder / f"rung-{climb.depth}-round-{done}"

    def _forget_all_but(self, kept: Path | None) -> None:
        for folder in self.folder.glob("rung-*-round-*"):
            if folder != kept:
                with suppress(OSError):
                    shutil.rmtree(folder)


def _unpacked(data: Mapping[str, Any]) -> Climb:
    if data["format"] != FORMAT:
        raise AdaptError(f"format {data['format']}, and this version reads {FORMAT}")
    arrays: dict[str, dict[str, Any]] = {}
    for path, tensor in data["weights"].items():
        name, _, part = path.partition("/")
        arrays.setdefault(name, {})[part] = tensor.numpy()
    return Climb.unpack(json.loads(data["climb"]), arrays)


def _identity(work: Assignment) -> dict[str, str]:
    """What must be the same for a tuning to go on, by what people would call it."""
    critic = {name: value.tolist() for name, value in work.bundle.critic.items()}
    return {
        "a policy": f"{work.bundle.digest} {_hash(critic)}",
        "a task": f"{work.task.name} {work.task.episode}",
        "settings": json.dumps(asdict(work.config), sort_keys=True),
        "robots of the log": _first_robots(work.bundle.spec, work.target),
        "robots of pretraining": _first_robots(work.bundle.spec, work.source),
    }


def _first_robots(spec: RobotSpec, source: Source) -> str:
    """The same text for sources that draw the same robots."""
    world = Simulation(spec, 1, SimulationConfig(threads=1).having(source.names))
    drawn = source.draw(world, Dice(0, SAMPLE))
    values = {name: np.asarray(value).tolist() for name, value in drawn.items()}
    return _hash([values, [str(term) for term in source.changing]])


def _hash(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
