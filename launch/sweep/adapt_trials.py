"""`AdaptTrials`: adaptations to the same logs that differ in rung, steps and seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.verdict import Answer
from ashore.launch.held_out_logs import require_not_held_out
from ashore.launch.many_commands import from_anywhere
from ashore.launch.sweep.trial import Figures, Trial, grid, options
from ashore.launch.sweep_request import AdaptSweepRequest
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle


@dataclass(frozen=True)
class AdaptTrials:
    """What the gate says of each candidate."""

    asked: AdaptSweepRequest
    """What was asked for."""

    @property
    def heading(self) -> str:
        """What is swept."""
        return f"Adaptations of {self.asked.policy}"

    @property
    def meaning(self) -> str:
        """What the columns say."""
        return (
            "As the gate measured it: reward per step gained on robots like that of the logs, and "
            "changed on robots of pretraining; and the share of candidates that it let pass."
        )

    def trials(self, out: Path) -> list[Trial]:
        """Return all trials.

        Raises:
            AdaptError: no log was given.
            BundleError: there is no such policy.
        """
        asked = self.asked
        if not asked.logs:
            raise AdaptError("no log was given; name those that `ashore record` wrote")
        require_not_held_out(asked.logs)
        find_bundle(asked.policy)
        common = ["adapt", *(str(path.absolute()) for path in asked.logs), "--policy"]
        common += [from_anywhere(asked.policy), "--no-watch"]
        factors = {"rung": asked.rungs, "steps": tuple(map(str, asked.steps))}

        return grid(factors, asked.seeds, lambda setting: [*common, *options(setting)])

    def prepare(self, out: Path) -> None:
        """Write nothing: trials read logs and a policy."""

    def place(self, trial: Path) -> tuple[str, ...]:
        """Return the words that have a trial leave its bundle in a folder."""
        return ("--out", str(trial))

    def bundle(self, trial: Path) -> Path:
        """Return that folder."""
        return trial

    def figures(self, bundle: Path) -> Figures:
        """Read the verdict."""
        verdict = Bundle.load(bundle).verdict or {}
        found = {"passed": float(verdict["answer"] == Answer.IMPROVED.value)}
        for column, name in (("gain", "closed_loop"), ("change in pretraining", "source")):
            found[column] = verdict[name]["mean"] if verdict.get(name) else 0.0
        return found

    def curve(self, bundle: Path) -> Sequence[tuple[float, float]]:
        """Tuning is told of in each bundle's report."""
        del bundle
        return ()
