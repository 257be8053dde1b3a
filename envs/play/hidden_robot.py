"""`hidden_robot`: which robot plays, the nominal one or one that only a seed knows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Array, Randomization, Source
from ashore.envs.randomize.term import Term
from ashore.envs.twin.hidden import FILE, draw_hidden, hidden_kinds, seed_of
from ashore.hardware.spec import RobotSpec, shipped_robots


class WornRobot:
    """A source of the one robot that a twin of some hidden seed is, again and again."""

    changing: tuple[Term, ...] = ()

    def __init__(self, parameters: Mapping[str, Array]) -> None:
        """Take the parameters that are not nominal; a value is for all elements."""
        self._parameters = parameters

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that are not nominal."""
        return tuple(self._parameters)

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """The same values for each stream of `dice`."""
        return {
            name: np.full((len(dice), len(world.nominal(name))), value)
            for name, value in self._parameters.items()
        }


class DrawnRobot:
    """A source of one robot out of ranges, the same in every episode, and left in peace."""

    changing: tuple[Term, ...] = ()

    def __init__(self, ranges: Randomization, seed: int) -> None:
        """Take the ranges, and the seed that says which robot."""
        self._ranges, self._seed = ranges, seed

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that are drawn."""
        return self._ranges.names

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """The robots that the seed draws, whatever was drawn before."""
        return self._ranges.draw(world, Dice(self._seed, len(dice), purpose="hidden"))


def hidden_robot(spec: RobotSpec, ranges: Randomization, hidden: str) -> Source:
    """Where the robot that plays comes from.

    Args:
        spec: the robot.
        ranges: what its policy was trained over.
        hidden: `none` for the nominal robot, a kind, or a seed: of the twin's physics if the
            robot has twins with ranges of their own, else of a robot within `ranges`.

    Raises:
        TwinError: `hidden` is none of these.
    """
    if hidden == "none":
        return Randomization(terms=())
    if (home := shipped_robots().get(spec.name)) is not None and hidden in hidden_kinds(home):
        return WornRobot(draw_hidden(spec, hidden))
    seed, folder = seed_of(hidden), _worn_in(spec)
    return DrawnRobot(ranges, seed) if folder is None else WornRobot(draw_hidden(spec, hidden))


def _worn_in(spec: RobotSpec) -> Path | None:
    """The folder of a robot whose twins differ in ways of their own."""
    folder = shipped_robots().get(spec.name)
    return folder if folder is not None and (folder / FILE).exists() else None
