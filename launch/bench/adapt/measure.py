"""`measure`: what a policy earns on a hidden twin, through its wire."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as students_t

from ashore.adapt.interval import LEVEL, Interval
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.strategies import policy_of
from ashore.launch.bench.adapt.wire import WireOutcome, earn
from ashore.launch.bench.adapt.work import Work
from ashore.policies.bundle import Bundle


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one policy earned on one twin, an episode a seed of commands."""

    runs: tuple[WireOutcome, ...]
    """The episodes."""

    @property
    def reward(self) -> float:
        """Mean reward per step."""
        return float(np.mean([run.reward for run in self.runs]))

    @property
    def falls(self) -> int:
        """Episodes that ended before their time."""
        return sum(run.fell for run in self.runs)

    def gain(self, base: "Measured") -> Interval:
        """How much more it earned than another on the same commands, with its 95 % interval."""
        pairs = zip(self.runs, base.runs, strict=True)
        return student(np.array([mine.reward - theirs.reward for mine, theirs in pairs]))


def measure(work: Work, strategy: str) -> Measured | None:
    """Drive the twin with a strategy's policy; None where the strategy makes none."""
    bundle = policy_of(work, strategy)
    return None if bundle is None else drive(work, bundle, work.folder / "wire" / strategy)


def measured(work: Work, strategies: Sequence[str]) -> dict[str, Measured]:
    """What each strategy's policy earns, by name; those that make no policy are absent."""
    found = {}
    for name in strategies:
        sys.stderr.write(f"{work.case.name}: {name}\n")
        if (earned := measure(work, name)) is not None:
            found[name] = earned
    return found


def drive(work: Work, bundle: Bundle, folder: Path) -> Measured:
    """Drive the twin with a policy, an episode a seed, each on a twin that begins anew."""
    options = work.case.options(work.folder)
    asked = [bundle.digest, bundle.spec.to_json(), work.physics]

    def episode(seed: int) -> dict[str, Any]:
        return asdict(earn(bundle, options, seed, folder))

    runs = [
        kept(folder / f"{seed}.json", asked, partial(episode, seed))
        for seed in work.config.seeds
    ]
    return Measured(runs=tuple(WireOutcome(**run) for run in runs))


def student(samples: NDArray[np.float64], level: float = LEVEL) -> Interval:
    """Student's interval at `level` of the mean of a few independent samples `(n,)`, n >= 2.

    Source: Student 1908, "The probable error of a mean", Biometrika 6; of fewer than some twenty
    samples a bootstrap's interval is too narrow.
    """
    mean, n = float(samples.mean()), len(samples)
    reach = float(students_t.ppf(0.5 + level / 2.0, n - 1)) * float(samples.std(ddof=1)) / n**0.5
    return Interval(low=mean - reach, mean=mean, high=mean + reach)
