"""`Climb`: where on the ladder a tuning stands."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import inf
from typing import Any

from ashore.adapt.tuning.trial import Round, Stage, Trial
from ashore.policies.policy import Weights

Arrays = dict[str, Weights]
"""Weights of several networks, by name."""


@dataclass
class Ascent:
    """The rung that is being climbed, and the best weights on it."""

    stage: Stage
    """The rung; its `rounds` are those until the best weights."""
    mark: float
    """The validation reward that a gain is counted from; first that of what it began with."""
    actor: Weights
    """Weights of the best round."""
    critic: Weights
    """The critic that learned with them."""
    best: float = -inf
    """Validation reward of the best round."""
    done: int = 0
    """Rounds done."""
    stale: int = 0
    """Rounds since the last gain."""

    @property
    def updates(self) -> int:
        """Updates done, the critic's alone among them."""
        return self.stage.end(self.done) if self.done else 0

    def note(self, reward: float, actor: Weights, critic: Weights, least_gain: float) -> None:
        """Take a round and its validation into account."""
        self.done += 1
        if reward > self.best:
            self.best, self.actor, self.critic = reward, actor, critic
            self.stage = replace(self.stage, rounds=self.done)
        gained = reward >= self.mark + least_gain
        self.mark, self.stale = (reward, 0) if gained else (self.mark, self.stale + 1)

    def over(self, patience: int) -> bool:
        """Whether the rung has reached its plateau, or its end."""
        return self.stale >= patience or self.done >= self.stage.most

    def __str__(self) -> str:
        reward = "" if self.best == -inf else f", best reward so far {self.best:.3f}"
        return f"{self.stage.rung}, round {self.done + 1} of {self.stage.most}{reward}"


@dataclass
class Climb:
    """Trials so far, the best of them, what was spent, and the rung in progress, if any."""

    trials: list[Trial]
    """Those judged, the pretrained policy first."""
    critic: Weights
    """The critic that belongs to the best."""
    best: int = 0
    """Which trial is the best."""
    rounds: list[Round] = field(default_factory=list)
    """Rounds of all rungs."""
    depth: int = 0
    """Rungs done."""
    spent: int = 0
    """Updates spent on them."""
    over: bool = False
    """Whether a rung brought nothing after one had brought something."""
    ascent: Ascent | None = None
    """The rung in progress."""

    @property
    def candidate(self) -> Trial:
        """The best trial."""
        return self.trials[self.best]

    def pack(self) -> tuple[dict[str, Any], Arrays]:
        """All of it as what JSON can hold, and weights by name."""
        plain: dict[str, Any] = {
            "trials": [_facts(trial, "actor") for trial in self.trials],
            "rounds": [asdict(each) for each in self.rounds],
            **{name: vars(self)[name] for name in ("best", "depth", "spent", "over")},
            "ascent": None,
        }
        arrays: Arrays = {f"trial {i}": trial.actor for i, trial in enumerate(self.trials)}
        arrays["critic"] = self.critic
        if (ascent := self.ascent) is not None:
            plain["ascent"] = _facts(ascent, "actor", "critic")
            arrays |= {"ascent's actor": ascent.actor, "ascent's critic": ascent.critic}
        return plain, arrays

    @classmethod
    def unpack(cls, plain: Mapping[str, Any], arrays: Mapping[str, Weights]) -> "Climb":
        """The same climb again."""
        ascent, trials = plain["ascent"], plain["trials"]
        return cls(
            trials=[
                Trial(**{**facts, "way": _way(facts["way"])}, actor=arrays[f"trial {i}"])
                for i, facts in enumerate(trials)
            ],
            critic=arrays.get("critic", {}),
            rounds=[Round(**each) for each in plain["rounds"]],
            ascent=ascent
            and Ascent(
                **{**ascent, "stage": Stage(**ascent["stage"])},
                actor=arrays["ascent's actor"],
                critic=arrays.get("ascent's critic", {}),
            ),
            **{name: plain[name] for name in ("best", "depth", "spent", "over")},
        )


def _facts(thing: Trial | Ascent, *weights: str) -> dict[str, Any]:
    """What a trial or an ascent holds besides weights."""
    found = {name: value for name, value in vars(thing).items() if name not in weights}
    if "stage" in found:
        found["stage"] = asdict(found["stage"])
    if "way" in found:
        found["way"] = [asdict(stage) for stage in found["way"]]
    return found


def _way(stages: list[dict[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(**stage) for stage in stages)
