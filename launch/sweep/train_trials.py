"""`TrainTrials`: trainings that differ in ranges, memory, algorithm and seed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.stretch import widened
from ashore.hardware.spec import shipped_robots
from ashore.launch.many_commands import from_anywhere
from ashore.launch.request import TrainingRequest
from ashore.launch.sweep.trial import Figures, Trial, grid, options
from ashore.launch.sweep_request import TrainSweepRequest
from ashore.launch.training import plan
from ashore.policies.bundle import Bundle
from ashore.policies.errors import TrainingError
from ashore.policies.finished import CURVE
from ashore.policies.lesson import Lesson
from ashore.policies.storage.whole_file import write_file

OWN = "own"
"""What the robot's own ranges are called."""
JUDGE = 77_000
"""Seed of the robots that judge: all policies meet the same ones."""


@dataclass(frozen=True)
class TrainTrials:
    """Every policy is judged in all of the ranges that are compared."""

    asked: TrainSweepRequest
    """What was asked for."""

    @property
    def heading(self) -> str:
        """What is swept."""
        return f"Trainings of {self.asked.robot}"

    @property
    def meaning(self) -> str:
        """What the columns say."""
        return (
            "Reward per step of the policies on robots of the ranges that the column names, the "
            "same ones for all policies; where any failed, the share of those robots whose episode "
            "did."
        )

    @cached_property
    def lesson(self) -> Lesson:
        """What is learned, on the robot's own ranges."""
        return plan(TrainingRequest(robot=self.asked.robot, task=self.asked.task))[0]

    @cached_property
    def ranges(self) -> dict[str, Randomization]:
        """The ranges that are compared, by name.

        Raises:
            ModelError: a file of ranges cannot be read, or ranges are not physical.
            TrainingError: two files have one name.
        """
        found: dict[str, Randomization] = {}
        for path in self.asked.ranges:
            if path.stem in found:
                raise TrainingError(f"two files of ranges are called {path.stem}; rename one")
            found[path.stem] = Randomization.read(path)
            found[path.stem].check(self.lesson.within(found[path.stem]).world())
        own = self.lesson.randomization
        shares = {f"x{share:g}": share for share in self.asked.widen}
        if both := sorted(found.keys() & shares.keys()):
            raise TrainingError(
                f"a file and a width of ranges are called {both[0]}; rename the file"
            )
        found |= {name: widened(own, self.lesson.world(), s) for name, s in shares.items()}
        return found or {OWN: own}

    def trials(self, out: Path) -> list[Trial]:
        """Return all trials, which read their ranges from `out`."""
        asked = self.asked
        compared = len(self.ranges) > 1 or OWN not in self.ranges
        factors = {
            "ranges": tuple(self.ranges) if compared else (),
            "memory": asked.memory,
            "algorithm": asked.algorithm,
        }
        # A robot that ships is meant before a folder of its name, as everywhere.
        shipped = asked.robot in shipped_robots()
        common = ["train", asked.robot if shipped else from_anywhere(asked.robot)]
        common += [] if asked.task is None else ["--task", asked.task]
        common += [] if asked.steps is None else ["--steps", str(asked.steps)]

        def words(setting: Mapping[str, str]) -> list[str]:
            said = {f: str(_file(out, v)) if f == "ranges" else v for f, v in setting.items()}
            return [*common, *options(said)]

        return grid(factors, asked.seeds, words)

    def prepare(self, out: Path) -> None:
        """Write the ranges."""
        for name, ranges in self.ranges.items():
            path = _file(out, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, ranges.to_toml().encode())

    def place(self, trial: Path) -> tuple[str, ...]:
        """Return the words that have a trial train in a folder, and go on there."""
        return ("--out", str(trial), "--resume")

    def bundle(self, trial: Path) -> Path:
        """Return where the policy is then."""
        return trial / "bundle"

    def figures(self, bundle: Path) -> Figures:
        """Let the policy drive robots of all ranges."""
        policy = Bundle.load(bundle)
        found: dict[str, float] = {}
        for name, ranges in self.ranges.items():
            exam = self.lesson.within(ranges).examine(policy.policy.act, policy.contract, JUDGE)
            found[f"reward in {name}"] = float(exam.reward.mean())
            if len(exam.failed):
                found[f"failed in {name}"] = float(exam.failed.mean())
        found["minutes"] = float(policy.provenance["figures"]["seconds"]) / 60.0
        return found

    def curve(self, bundle: Path) -> Sequence[tuple[float, float]]:
        """Return the learning curve."""
        return [(step, reward) for step, reward in json.loads((bundle / CURVE).read_text())]


def _file(out: Path, name: str) -> Path:
    """Where a sweep keeps ranges."""
    return out / "ranges" / f"{name}.toml"
