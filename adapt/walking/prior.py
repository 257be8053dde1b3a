"""`WalkerPrior`: what a robot may be before its log is read: far from nominal in a few ways."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.hardware.errors import SpecError
from ashore.hardware.spec import find_robot
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]

FILE = "wide.toml"
"""File in a robot's folder that says how far it can be from the nominal one at all."""
WIDER = 2.0
"""How many times its range of pretraining a term is given that the file doesn't name."""
FAR = 0.25
"""Probability that a term, or a limb's share of it, is drawn from its whole wide range."""
NOISE = ("_noise", "_jitter", "dropped_samples")
"""Ends of the names of parameters that are how a sensor or a wire trembles."""


@dataclass(frozen=True, kw_only=True)
class WalkerPrior:
    """Robots of the wide ranges, each like those of pretraining in all but a few ways.

    That a robot differs in everything at once is possible and unlikely; a prior that says so tells
    a heavy robot from one whose legs are all weak. Of the robots of pretraining, half lie anywhere
    in the ranges, and half somewhere on the way from there to the nominal robot: its maker meant it
    to be that one, which is often at a corner of the ranges.

    Source: spike and slab, Mitchell and Beauchamp 1988, "Bayesian variable selection in linear
    regression", JASA 83, section 2; here the spike is the range of pretraining.
    """

    wide: Randomization
    """The wide ranges; what is estimated are numbers in them, 0..1."""
    trained: Randomization
    """The ranges of pretraining, with the same terms by name."""

    @classmethod
    def of(cls, bundle: Bundle) -> "WalkerPrior":
        """Prior of a bundle's robot: its folder's `wide.toml`, the rest of pretraining wider."""
        trained = Randomization.from_json(bundle.randomization)
        try:
            path = find_robot(bundle.spec.name) / FILE
        except SpecError:
            path = None
        said = Randomization.read(path).terms if path is not None and path.exists() else ()
        named = {term.title: term for term in said}
        if strange := sorted(set(named) - {term.title for term in trained.terms}):
            raise AdaptError(
                f"{path} has a term {strange[0]!r} that pretraining did not vary; there are: "
                f"{', '.join(term.title for term in trained.terms)}"
            )
        terms = tuple(named.get(term.title) or wider(term) for term in trained.terms)
        return cls(wide=Randomization(terms=terms), trained=trained)

    def draw(self, world: ParameterSet, dice: Dice, far: float = FAR) -> Array:
        """Draw numbers in the wide ranges, `(n, draws)`; `far` 0 gives robots of pretraining."""
        units = self.wide.units(world, dice)
        groups = self._groups(world)
        chosen = dice.anew("far").uniform(k=int(groups.max()) + 1) < far
        low, high = self.narrow(world)
        nominal, way = self.nominal(world), np.minimum(1.0, 2.0 * dice.anew("way").uniform())
        near = nominal + (low + (high - low) * units - nominal) * way
        return np.where(chosen[:, groups], units, near)

    def narrow(self, world: ParameterSet) -> tuple[Array, Array]:
        """Ends of the ranges of pretraining within the wide ones, each `(draws,)`."""
        ends = [
            ((old.low - term.low) / span, (old.high - term.low) / span)
            for term, _ in self.wide.drawn(world)
            for old, span in ((self._trained[term.title], term.high - term.low),)
        ]
        low, high = np.array(ends).T
        return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)

    def nominal(self, world: ParameterSet) -> Array:
        """Where the nominal robot lies in the wide ranges, or the nearest end, `(draws,)`."""
        neutral = {"scale": 1.0, "add": 0.0}
        found = []
        for term, _ in self.wide.drawn(world):
            columns = world.select(term.parameter, term.on, term.each).columns
            usual = float(world.nominal(term.parameter)[columns].mean())
            number = neutral.get(term.operation, usual)
            found.append((number - term.low) / (term.high - term.low))
        return np.asarray(np.clip(found, 0.0, 1.0))

    @cached_property
    def _trained(self) -> dict[str, Term]:
        return {term.title: term for term in self.trained.terms}

    def _groups(self, world: ParameterSet) -> NDArray[np.intp]:
        """Which numbers are far off together: those of a term, or of a limb's share of one."""
        keys = [
            (term.title, of if term.each == "limb" else "") for term, of in self.wide.drawn(world)
        ]
        order = {key: index for index, key in enumerate(dict.fromkeys(keys))}
        return np.array([order[key] for key in keys], dtype=np.intp)


def wider(term: Term) -> Term:
    """A term with `WIDER` times its range about the same middle; what is positive remains so."""
    if term.mode == "interval":
        return term
    middle, half = 0.5 * (term.low + term.high), 0.5 * WIDER * (term.high - term.low)
    low = middle - half
    if term.low >= 0.0:
        low = max(low, 0.3 * term.low)
    return replace(term, low=low, high=middle + half)
