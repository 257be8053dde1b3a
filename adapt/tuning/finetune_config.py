"""`FinetuneConfig`: what fine-tuning trains, for how long, and how near it stays."""

from dataclasses import dataclass

from ashore.adapt.errors import AdaptError
from ashore.policies.learners.network import RUNGS


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig:
    """What is trained, for how long, and how near it stays to the pretrained policy."""

    rungs: tuple[str, ...] = RUNGS
    """What each rung of the ladder trains of the actor; the critic always learns."""
    pretraining_share: float = 0.1
    """Control steps of all rungs together, as a share of those that pretraining took."""
    steps: int | None = None
    """The same as a number; None for `pretraining_share`."""
    rounds: int = 8
    """Rounds that all steps are cut into; validation follows each."""
    patience: int = 3
    """Rounds without `least_gain` after which a rung has reached its plateau."""
    robots: int = 128
    """Robots simulated together."""
    learning_rate: float = 5e-4
    """First learning rate of the head in each rung."""
    cooled: float = 0.1
    """Share of the learning rate that is left at the end of a rung; it falls linearly."""
    shrink: float = 1.0 / 2.6
    """Learning rate of a layer, as a share of the next one's towards the head."""
    rank: int = 8
    """Rank of the change that `low_rank` learns in each layer of the trunk."""
    anchor: float = 0.003
    """Weight of KL(policy || pretrained)."""
    share: float = 0.25
    """Share of robots still drawn from the pretraining ranges."""
    spread: float = 0.15
    """Standard deviation of the action while tuning."""
    warmup: int = 8
    """Updates in which only the critic learns, before the actor moves."""
    fresh_warmup: int = 48
    """The same where the critic begins untrained: SAC and TQC leave none that fits."""
    tries: int = 3
    """Interpolations between tuned and pretrained weights that validation tries at most."""
    nominal_loss: float = 0.024
    """Largest share of its reward on the pretraining ranges that a candidate may lose.

    Below the gate's own allowance, which is measured on other robots: a candidate chosen at the
    very edge would fall over it by chance."""
    least_gain: float = 0.004
    """Gain in validation reward that a further rung must bring."""
    validation_robots: int = 64
    """Paired robots that each validation is done on."""
    validation_seconds: float = 6.0
    """How much of an episode each of them drives, from its beginning [s]."""
    seed: int = 0
    """Seed of tuning; validation and gate have seeds of their own."""

    def __post_init__(self) -> None:
        """Refuse rungs that there are not."""
        if not self.rungs or set(self.rungs) - set(RUNGS):
            raise AdaptError(
                f"the rungs asked for are {', '.join(self.rungs) or 'none'}; there are: "
                f"{', '.join(RUNGS)}"
            )
