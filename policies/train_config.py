"""`TrainConfig`: how long, how wide and how fast to train."""

from dataclasses import dataclass, field
from typing import Literal

from ashore.envs.randomize.curriculum import CurriculumConfig
from ashore.hardware.contract import Contract
from ashore.policies.errors import TrainingError
from ashore.policies.learners.actor_critic import Shape
from ashore.policies.learners.update import Update

Memory = Literal["none", "history", "encoder"]
Algorithm = Literal["ppo", "sac", "tqc"]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """How wide the networks are, and what they make of the past."""

    trunk: tuple[int, ...] = (64, 64)
    """Widths of the actor's layers before the head."""
    critic: tuple[int, ...] = (128, 128)
    """Widths of the critic's layers."""
    spread: float = 0.5
    """First standard deviation of the action."""
    memory: Memory = "none"
    """What the actor sees of the past: nothing beyond the task's contract; all of `ticks` at once;
    or what an encoder makes of them."""
    ticks: int = 10
    """Ticks of the past that are seen."""
    stride: int = 2
    """Ticks from one of them to the next."""
    encoder: tuple[int, ...] = (128, 64)
    """Widths of the encoder's layers before the latent."""
    latent: int = 16
    """Numbers that the encoder makes of the past."""

    def within(self, contract: Contract) -> Contract:
        """Return a task's contract with the past that is seen."""
        return contract if self.memory == "none" else contract.with_context(self.ticks, self.stride)

    def shape(self, contract: Contract, privileged: int) -> Shape:
        """Shape of the networks for a contract, and a critic that is told `privileged` numbers."""
        return Shape(
            present=contract.present_size,
            context=contract.observation_size - contract.present_size,
            privileged=privileged,
            trunk=self.trunk,
            critic=self.critic,
            encoder=self.encoder if self.memory == "encoder" else (),
            latent=self.latent,
            spread=self.spread,
        )


@dataclass(frozen=True, kw_only=True)
class OffPolicyConfig:
    """How SAC and TQC learn from all that robots ever lived through."""

    replay: int = 200_000
    """Transitions remembered, over all robots; the newest replace the oldest."""
    starts: int = 5_000
    """Control steps, over all robots, of random actions before learning."""
    batch: int = 512
    """Transitions of each gradient step."""
    updates: int = 16
    """Gradient steps after each `horizon`."""
    tau: float = 0.01
    """How far target critics follow at each gradient step."""
    entropy: float = 0.05
    """First weight of the action's entropy, beside rewards of about one a step; it is steered."""
    quantiles: int = 10
    """Quantiles of the return that each of TQC's two critics learns."""
    dropped: int = 1
    """The largest of them, which TQC leaves out for caution."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long, how wide and how fast to train."""

    algorithm: Algorithm = "ppo"
    """Proximal policy optimization, soft actor-critic, or truncated quantile critics."""

    steps: int = 1_500_000
    """Control steps, over all robots."""
    robots: int = 512
    """Robots simulated together."""
    horizon: int = 24
    """Control steps of each robot between updates."""
    learning_rate: float = 1e-3
    """First learning rate; it falls linearly to a hundredth."""
    gamma: float = 0.95
    """Discount per control step."""
    gae_lambda: float = 0.95
    """Mixing of the advantage estimate."""
    update: Update = field(default_factory=Update)
    """How a rollout becomes an update."""
    off_policy: OffPolicyConfig = field(default_factory=OffPolicyConfig)
    """How SAC and TQC learn; PPO has `update`."""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    """How wide the networks are, and what they make of the past."""
    seed: int = 0
    """Seed of everything."""
    checkpoint_every: int = 10
    """Updates between checkpoints."""
    target: float | None = 0.95
    """Mean reward per step that counts as trained, if any; when it was reached goes into the
    card."""
    curriculum: bool = False
    """Whether ranges begin narrow and widen while episodes succeed."""
    bar: float = 0.85
    """Share of the target that an episode must earn per step to be a success."""

    @property
    def widening(self) -> CurriculumConfig:
        """When a curriculum's ranges widen.

        Raises:
            TrainingError: there is no target to call an episode a success by.
        """
        if self.target is None:
            raise TrainingError(
                "a curriculum widens ranges while episodes reach the stated reward, and here none "
                "is stated; train without --curriculum"
            )
        return CurriculumConfig(bar=self.bar * self.target)
