"""`Assignment`: whose policy is tuned, for which robots, and how."""

from dataclasses import dataclass, replace
from functools import cached_property

from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle
from ashore.policies.train_config import TrainConfig


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Whose policy is tuned, for which robots, and how."""

    bundle: Bundle
    """The pretrained policy."""
    task: Task
    """What it does."""
    target: Source
    """Robots that it shall do better on."""
    source: Source
    """Robots that it shall remember."""
    config: FinetuneConfig
    """How."""

    @cached_property
    def told(self) -> Randomization:
        """Ranges of what the critic is told."""
        return Randomization.from_json(self.bundle.randomization)

    @property
    def without_log(self) -> "Assignment":
        """The same tuning for the robots of pretraining: what the log did not do."""
        return replace(self, target=self.source)

    @property
    def learning(self) -> TrainConfig:
        """How the learner is made: as in pretraining, where nothing else is said."""
        config, kept = self.config, self.bundle.provenance["config"]
        return TrainConfig(
            robots=config.robots,
            learning_rate=config.learning_rate,
            gamma=kept["gamma"],
            gae_lambda=kept["gae_lambda"],
            seed=config.seed,
        )

    @property
    def per_update(self) -> int:
        """Control steps, over all robots, between two updates."""
        return self.config.robots * self.learning.horizon

    @property
    def updates(self) -> int:
        """Updates of all rungs together, the critic's alone among them."""
        config = self.config
        steps = config.steps
        if steps is None:
            steps = int(config.pretraining_share * self.bundle.provenance["config"]["steps"])
        return max(1, steps // self.per_update)
