"""`Belief`: what a log tells of a walker, and a source of simulated robots like it."""

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.walking.prior import WalkerPrior
from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Belief:
    """A normal distribution over numbers in a prior's wide ranges, reflected at their ends.

    What the log doesn't tell is drawn as in pretraining.
    """

    prior: WalkerPrior
    """The ranges."""
    told: NDArray[np.intp]
    """Which of the ranges' draws it is about, `(k,)`."""
    mean: Array
    """Means, 0..1, `(k,)`."""
    covariance: Array
    """Covariance, `(k, k)`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that it draws."""
        return self.prior.wide.names

    @property
    def changing(self) -> tuple[Term, ...]:
        """What changes while an episode runs."""
        return self.prior.wide.changing

    @property
    def sd(self) -> Array:
        """Standard deviations, `(k,)`."""
        return np.sqrt(np.diag(self.covariance))

    def narrowed(self, share: float) -> "Belief":
        """The same with a share of its deviations: the likelier ones of its robots."""
        return replace(self, covariance=self.covariance * share**2)

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """Draw a robot for each stream: values by parameter, each `(n, width)`."""
        return self.prior.wide.values(world, self.units(world, dice))

    def units(self, world: ParameterSet, dice: Dice) -> Array:
        """Draw numbers in the wide ranges, `(n, draws)`."""
        units = self.prior.draw(world, dice, far=0.0)
        units[:, self.told] = self._sample(dice)
        return units

    def likeliest(self, world: ParameterSet, n: int, dice: Dice) -> Array:
        """Numbers of robots that are told alike and differ in the rest, `(n, draws)`."""
        units = self.prior.draw(world, dice, far=0.0)
        units[:, self.told] = np.clip(self.mean, 0.0, 1.0)
        return units

    def _sample(self, dice: Dice) -> Array:
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        white = dice.normal(len(self.mean))
        # Not a matrix product, whose last bits depend on how many rows there are.
        drawn = self.mean + (white[:, None, :] * root).sum(axis=2)
        return np.asarray(np.clip(1.0 - np.abs(1.0 - np.abs(drawn)), 0.0, 1.0))

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        return json.dumps(
            {
                "kind": "walker",
                "wide": json.loads(self.prior.wide.to_json()),
                "trained": json.loads(self.prior.trained.to_json()),
                "told": self.told.tolist(),
                "mean": self.mean.tolist(),
                "covariance": self.covariance.tolist(),
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> "Belief":
        """Read a belief back.

        Raises:
            AdaptError: the text is not one.
        """
        try:
            data = json.loads(text)
            wide, trained = (
                Randomization.from_json(json.dumps(data[key])) for key in ("wide", "trained")
            )
            return cls(
                prior=WalkerPrior(wide=wide, trained=trained),
                told=np.array(data["told"], dtype=np.intp),
                mean=np.array(data["mean"], dtype=np.float64),
                covariance=np.array(data["covariance"], dtype=np.float64),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise AdaptError(f"not a belief: {error}; give what to_json wrote") from None
