"""`SensedSAC` and `SensedTQC`: actors that see what robots see, and critics that are told more."""

from typing import Any

import gymnasium
from sb3_contrib.tqc.policies import Actor as TQCActor
from sb3_contrib.tqc.policies import TQCPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.sac.policies import Actor, SACPolicy
from torch import Tensor


class Sensed(BaseFeaturesExtractor):
    """What a robot itself sees of wide observations `(n, k)`: their first numbers."""

    def __init__(self, observation_space: gymnasium.Space[Any], observed: int) -> None:
        """Take the space of wide observations, and how many numbers the robot sees."""
        super().__init__(observation_space, observed)

    def forward(self, wide: Tensor) -> Tensor:
        """Cut wide observations to `(n, observed)`."""
        return wide[:, : self.features_dim]


class SensedSAC(SACPolicy):
    """SAC's networks, of which only the critics are told what is privileged."""

    def __init__(self, *basics: Any, observed: int, **options: Any) -> None:
        """Take how many numbers of an observation the robot itself sees."""
        self.observed = observed
        super().__init__(*basics, **options)

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> Actor:
        """Make an actor that sees what the robot sees."""
        return super().make_actor(Sensed(self.observation_space, self.observed))


class SensedTQC(TQCPolicy):
    """TQC's networks, of which only the critics are told what is privileged."""

    def __init__(self, *basics: Any, observed: int, **options: Any) -> None:
        """Take how many numbers of an observation the robot itself sees."""
        self.observed = observed
        super().__init__(*basics, **options)

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> TQCActor:
        """Make an actor that sees what the robot sees."""
        return super().make_actor(Sensed(self.observation_space, self.observed))
