"""`Update`: how a rollout becomes an update."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Update:
    """How a rollout becomes an update."""

    epochs: int = 4
    """Passes over each rollout."""
    minibatches: int = 4
    """Parts that a rollout is cut into."""
    reach: float = 0.2
    """How far a probability ratio pays."""
    entropy: float = 0.0
    """Weight of the action's entropy."""
    bound: float = 0.0
    """Weight of the loss that keeps mean actions within the clip."""
    steepest: float = 1.0
    """Largest norm of the actor's gradient, and of the critic's."""
