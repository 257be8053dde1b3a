"""`Curriculum`: ranges that widen by themselves for as long as the policy copes with them."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Pins, Randomization
from ashore.envs.randomize.stretch import neutral, stretched
from ashore.envs.randomize.term import Term

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class CurriculumConfig:
    """When ranges widen and narrow."""

    bar: float
    """Mean reward per step that an episode must earn, without failing, to be a success."""
    begin: float = 0.2
    """Share of each range that training begins with."""
    step: float = 0.2
    """Share of a range by which an end moves."""
    window: int = 8
    """Episodes at an end between two decisions about it."""
    probing: float = 0.5
    """Share of the episodes that are spent at some end of a range, to find out."""
    widen: float = 0.75
    """Rate of success at an end from which on it moves outwards."""
    narrow: float = 0.4
    """Rate of success at an end below which it moves back."""


class Curriculum:
    """Automatic domain randomization of the terms that are drawn at resets.

    Each end of each range is a share of the way from the neutral value (the nominal one) to the
    range's stated end. Some episodes are spent with one term at one of its ends, all others drawn;
    whenever `window` of them are over, the end moves outwards, stays or moves back by their rate of
    success. Interval terms follow with the mean share; startup terms are whole from the beginning.

    Source: OpenAI, "Solving Rubik's Cube with a robot hand", arXiv 1910.07113, section 5.2, with
    ranges that end where they are stated.
    """

    def __init__(
        self, widest: Randomization, world: ParameterSet, config: CurriculumConfig
    ) -> None:
        """Begin with `config.begin` of the ranges of `widest`.

        Raises:
            ModelError: a range that leaves what is physical, or no term to widen.
        """
        widest.check(world)
        self.widest, self.config = widest, config
        self._probed = [i for i, term in enumerate(widest.terms) if term.mode == "reset"]
        if not self._probed:
            raise ModelError(
                "a curriculum needs terms that are drawn at resets, and this randomization has "
                "none; train without it"
            )
        self._neutral = [neutral(term, world) for term in widest.terms]
        self.share = np.full((len(widest.terms), 2), config.begin)
        self._results: dict[tuple[int, int], list[bool]] = {}
        self._probes: dict[int, tuple[int, int]] = {}
        self._ranges = self._narrowed()

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that have a term."""
        return self.widest.names

    @property
    def changing(self) -> tuple[Term, ...]:
        """Interval terms, with their present ranges."""
        return self._ranges.changing

    @property
    def reached(self) -> Randomization:
        """The ranges as they are now."""
        return self._ranges

    @property
    def progress(self) -> float:
        """Mean share of the stated ranges that is covered, 0..1."""
        return float(self.share[self._probed].mean())

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """Draw robots from the present ranges, some of them at an end of one."""
        chance = dice.uniform(k=3)
        which = (chance[:, 1] * len(self._probed)).astype(np.intp)
        terms = np.array(self._probed)[which]
        ends = (chance[:, 2] < 0.5).astype(np.intp)
        terms[chance[:, 0] >= self.config.probing] = -1
        for robot, term, end in zip(dice.robots, terms, ends, strict=True):
            self._probes.pop(int(robot), None)
            if term >= 0:
                self._probes[int(robot)] = int(term), int(end)
        return self._ranges.draw(world, dice, Pins(terms=terms, ends=ends))

    def record(self, robots: Ids, reward: Array, failed: NDArray[np.bool_]) -> None:
        """Take note of episodes that are over, and move ends that enough is known of.

        Args:
            robots: numbers of the robots, as their dice have them, `(m,)`.
            reward: mean reward per step of each episode, `(m,)`.
            failed: which of them failed the task or physics, `(m,)`.
        """
        success = (reward >= self.config.bar) & ~failed
        for robot, good in zip(robots, success, strict=True):
            probe = self._probes.pop(int(robot), None)
            if probe is None:
                continue
            results = self._results.setdefault(probe, [])
            results.append(bool(good))
            if len(results) >= self.config.window:
                self._move(probe, float(np.mean(results)))
                results.clear()

    def _move(self, probe: tuple[int, int], rate: float) -> None:
        outwards = float(rate >= self.config.widen) - float(rate < self.config.narrow)
        moved = self.share[probe] + outwards * self.config.step
        self.share[probe] = min(1.0, max(0.0, moved))
        self._ranges = self._narrowed()

    def _narrowed(self) -> Randomization:
        terms = []
        for i, term in enumerate(self.widest.terms):
            low, high = self.share[i]
            if term.mode == "interval":
                low = high = self.progress
            if term.mode != "startup":
                term = stretched(term, self._neutral[i], float(low), float(high))
            terms.append(term)
        return Randomization(terms=tuple(terms))

    def state(self) -> str:
        """JSON text of where it stands, for `restore`; episodes in flight are forgotten."""
        return json.dumps(self.share.tolist())

    def restore(self, state: str) -> None:
        """Go on where `state` was taken."""
        self.share[:] = json.loads(state)
        self._ranges = self._narrowed()
