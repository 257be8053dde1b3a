"""`Verdict`: the gate's answer, with the evidence it rests on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ashore.adapt.errors import NotDeployable
from ashore.adapt.interval import Interval
from ashore.adapt.trial import Outcome, record_of
from ashore.policies.bundle import Bundle


class Answer(StrEnum):
    """What the gate can say of a candidate."""

    IMPROVED = "IMPROVED"
    NO_IMPROVEMENT = "NO_IMPROVEMENT"
    REGRESSED = "REGRESSED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """An answer and its evidence; only `IMPROVED` may be deployed."""

    answer: Answer
    """The answer."""
    why: tuple[str, ...]
    """Sentences that lead to it, the decisive one first."""
    open_loop: Interval | None = None
    """Held-out prediction error, nominal minus calibrated, over windows [rad]."""
    open_loop_nominal: float | None = None
    """Mean held-out prediction error of the nominal simulator [rad]."""
    closed_loop: Interval | None = None
    """Reward per step, candidate minus pretrained, over the posterior's robots."""
    closed_loop_before: float | None = None
    """Reward per step of the pretrained policy on those robots."""
    source: Interval | None = None
    """The same difference over the pretraining ranges."""
    control: Interval | None = None
    """Reward per step, candidate minus the same tuning done without the log."""
    slices: Mapping[str, Interval] = field(default_factory=dict)
    """The same difference for each kind of episode, the declared ones first; the intervals of the
    declared kinds hold together at 95 %, and so do those of the others."""
    declared: tuple[str, ...] = ()
    """Kinds of episode that were declared to matter."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as a bundle keeps it."""
        return {**asdict(self), "answer": self.answer.value}


def require_deployable(bundle: Bundle, name: str) -> None:
    """Refuse every bundle that the gate has not passed, or that a trial on the robot rolled back.

    Raises:
        NotDeployable: saying what its verdict is and what to do instead.
        AdaptError: the record of its trial is damaged.
    """
    if bundle.verdict is None:
        raise NotDeployable(
            f"{name} was pretrained and never adapted: no gate has judged it; "
            "record the robot with `ashore record` and adapt it with `ashore adapt`"
        )
    answer = bundle.verdict.get("answer")
    if answer != Answer.IMPROVED.value:
        why = (bundle.verdict.get("why") or ["no reason was kept"])[0]
        raise NotDeployable(
            f"{name} was judged {answer}: {why}; it is not deployed: "
            "keep the policy that the robot has, or record a new log"
        )
    tried = record_of(bundle)
    if tried is not None and tried["outcome"] != Outcome.ACCEPTED.value:
        raise NotDeployable(
            f"{name} was tried on the robot and rolled back: {tried['why']}; it is not deployed: "
            f"keep policy {tried['base']}, or record a new log"
        )
