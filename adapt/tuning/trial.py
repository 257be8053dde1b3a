"""`Trial` and `Tuned`: candidates of fine-tuning, how they came to be, and which is best."""

from dataclasses import dataclass, field

from ashore.policies.policy import Weights


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One rung of the way to a candidate."""

    rung: str
    """What was trained."""
    updates: int
    """Updates that it might take, the critic's alone among them; the learning rate falls over
    them."""
    warmup: int
    """Updates in which only the critic learned."""
    most: int
    """Rounds that it might take."""
    rounds: int = 0
    """Rounds until the weights that were kept."""
    weight: float = 1.0
    """Interpolation of those: 0 pretrained, 1 tuned."""

    def end(self, rounds: int) -> int:
        """Updates after which so many rounds are done."""
        return self.warmup + (self.updates - self.warmup) * rounds // self.most


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rung at one interpolation, on validation robots."""

    rung: str
    """What was trained last; `none` for the pretrained policy."""
    weight: float
    """Interpolation: 0 pretrained, 1 tuned."""
    target: float
    """Mean reward per step on the posterior's robots."""
    source: float
    """Mean reward per step on the pretraining ranges."""
    actor: Weights = field(repr=False)
    """The weights it stands for."""
    way: tuple[Stage, ...] = ()
    """How they came to be, rung by rung; nothing for the pretrained policy."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Where a rung stood after one of its rounds."""

    rung: str
    """What is trained."""
    steps: int
    """Control steps spent, over all rungs."""
    reward: float
    """Mean reward per step on the posterior's validation robots, without interpolation."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What fine-tuning found: the best trial, and all of them for the report."""

    best: Trial
    """The candidate."""
    trials: tuple[Trial, ...]
    """The pretrained policy first, then every rung and interpolation tried."""
    rounds: tuple[Round, ...]
    """The rounds of all rungs, in order: the learning curve."""
    steps: int
    """Control steps spent on tuning."""
    why: str
    """Why it is the best: a sentence on what each rung brought, or on why none did."""
