"""`Trial`: base and candidate in alternation on the robot, until it is clear which is better."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from ashore.adapt.errors import AdaptError
from ashore.adapt.group_sequential import boundaries
from ashore.adapt.interval import Interval
from ashore.policies.bundle import Bundle
from ashore.policies.storage.strict_json import read_json, write_json

RECORD = "trial.json"
"""Name of the attachment in which a candidate's bundle keeps its trial."""


class Outcome(StrEnum):
    """What a trial ends with."""

    ACCEPTED = "ACCEPTED"
    ROLLED_BACK = "ROLLED_BACK"


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """When a trial ends."""

    pairs: int = 16
    """Pairs of episodes after which a candidate that is not shown to be better is rolled back."""
    fewest: int = 4
    """Pairs before the first look at the interval; then one after every second pair, when as many
    pairs began with the one policy as with the other."""
    alpha: float = 0.05
    """Chance that, of two equal policies, a trial calls one better, however often it is looked at;
    half of it is the candidate's."""
    least_gain: float = 0.01
    """Gain in reward per step that is worth going on for."""
    collapse: float = 0.5
    """Share of the base's reward by which a candidate's own episode may fall short in a pair; more,
    and the trial ends at once."""

    def __post_init__(self) -> None:
        """Refuse a trial that could not be decided.

        Raises:
            AdaptError: the pairs are too few, or odd.
        """
        if self.fewest < 2 or self.fewest % 2 or self.pairs % 2 or self.pairs < self.fewest:
            raise AdaptError(
                f"a trial of {self.pairs} pairs, first looked at after {self.fewest}, cannot be; "
                "give even numbers, at least 2 to begin with and no fewer in all"
            )

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """How many pairs there are at each look."""
        return tuple(range(self.fewest, self.pairs + 1, 2))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Measured reward per step of both policies under the same commands."""

    base: float
    """What the base earned."""
    candidate: float
    """What the candidate earned."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How a trial ended."""

    outcome: Outcome
    """Whether the candidate is accepted."""
    why: str
    """A sentence."""


class Trial:
    """Decides after each pair whether the trial is over.

    The interval at a look is `mean ± c_k s / sqrt(n)`, with the boundaries `c_k` of `boundaries`:
    all of a trial's intervals together hold the true difference with probability `1 - alpha`, so
    looking after every second pair and stopping at the first clear one is no cheating. Differences
    are taken as independent and about normal. A stumble once in ten episodes is neither, and four
    pairs may well not show it: that is for the gate, which sees hundreds. What drifts steadily
    during a trial, as a battery does, is cancelled by the order base, candidate, candidate, base.
    Ends for another reason than the interval can only roll back, and so never make a worse policy
    look better.

    Source: Jennison and Turnbull, "Interim analyses: the repeated confidence interval approach",
    J. R. Statist. Soc. B 51 (1989), 305.
    """

    def __init__(self, config: TrialConfig | None = None) -> None:
        """Prepare a trial."""
        self.config = config or TrialConfig()
        self.pairs: list[Pair] = []
        self.interval: Interval | None = None
        self._bounds = dict(
            zip(
                self.config.looks,
                boundaries(self.config.looks, self.config.alpha).tolist(),
                strict=True,
            )
        )

    @staticmethod
    def order(pair: int) -> tuple[int, int]:
        """Who goes first in a pair, 0 the base and 1 the candidate: ABBA, then BAAB."""
        return (0, 1) if pair % 4 in (0, 3) else (1, 0)

    def add(self, pair: Pair) -> Decision | None:
        """Take note of a pair, and decide; None to go on.

        Raises:
            AdaptError: a reward is not finite.
        """
        if not np.isfinite([pair.base, pair.candidate]).all():
            raise AdaptError(
                f"pair {len(self.pairs) + 1} was measured as {pair}, which is no finite reward; "
                "look at its log"
            )
        self.pairs.append(pair)
        if self._collapsed(pair):
            return Decision(
                outcome=Outcome.ROLLED_BACK,
                why=f"the candidate collapsed: it earned {pair.candidate:.3f} per step where the "
                f"base earned {pair.base:.3f}",
            )
        return self._look() if len(self.pairs) in self._bounds else None

    def _collapsed(self, pair: Pair) -> bool:
        return pair.candidate < pair.base - self.config.collapse * abs(pair.base)

    def _look(self) -> Decision | None:
        change = np.array([pair.candidate - pair.base for pair in self.pairs])
        n, mean = len(change), float(change.mean())
        reach = self._bounds[n] * float(change.std(ddof=1)) / float(np.sqrt(n))
        found = self.interval = Interval(low=mean - reach, mean=mean, high=mean + reach)
        text = f"reward per step on the robot changes by {found} over {n} pairs"
        if found.low > 0.0:
            return Decision(outcome=Outcome.ACCEPTED, why=text)
        if found.high < 0.0:
            return Decision(outcome=Outcome.ROLLED_BACK, why=f"the candidate is worse: {text}")
        if found.high < self.config.least_gain:
            why = f"no gain worth having is left to find: {text}"
            return Decision(outcome=Outcome.ROLLED_BACK, why=why)
        if n == self.config.pairs:
            why = f"the candidate is not shown to be better: {text}"
            return Decision(outcome=Outcome.ROLLED_BACK, why=why)
        return None

    def record(self, decision: Decision, base: Bundle, candidate: Bundle) -> dict[str, Any]:
        """Plain data of the trial, as the candidate's bundle keeps it."""
        return {
            "outcome": decision.outcome.value,
            "why": decision.why,
            "base": base.digest,
            "candidate": candidate.digest,
            "interval": asdict(self.interval) if self.interval else None,
            "pairs": [asdict(pair) for pair in self.pairs],
            "config": asdict(self.config),
        }


def with_record(bundle: Bundle, record: Mapping[str, Any]) -> dict[str, bytes]:
    """Attachments of `bundle` with the record of its trial among them."""
    return {**bundle.attachments, RECORD: write_json(record)}


def record_of(bundle: Bundle) -> Mapping[str, Any] | None:
    """The record of a bundle's trial on the robot; None if it was not tried.

    Raises:
        AdaptError: the record is damaged, or another policy's.
    """
    if RECORD not in bundle.attachments:
        return None
    try:
        record = read_json(bundle.attachments[RECORD])
        Outcome(record["outcome"])
        whole = record["candidate"] == bundle.digest and isinstance(record["why"], str)
    except (ValueError, TypeError, KeyError, UnicodeDecodeError):
        whole = False
    if not whole:
        raise AdaptError(f"{RECORD} is no record of this policy's trial; try it again")
    kept: Mapping[str, Any] = record
    return kept
