"""`hidden_robot`: which robot plays, the nominal one or one that only a seed knows."""

from collections.abc import Mapping

import numpy as np

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.randomization import Array, Randomization, Source
from ashore.envs.randomize.term import Term
from ashore.envs.twin.hidden import draw_hidden
from ashore.hardware.errors import SpecError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec


class WornRobot:
    """A source of the one robot that a twin of some hidden seed is, again and again."""

    changing: tuple[Term, ...] = ()

    def __init__(self, parameters: Mapping[str, float]) -> None:
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
        hidden: `none` for the nominal robot, or a seed: of the twin's physics if there is a wire
            that a twin answers on, else of a robot within `ranges`.

    Raises:
        TwinError: `hidden` is neither.
    """
    worn = draw_hidden(spec, hidden)
    if hidden == "none":
        return Randomization(terms=())
    return WornRobot(worn) if _has_twin(spec) else DrawnRobot(ranges, int(hidden))


def _has_twin(spec: RobotSpec) -> bool:
    try:
        for joint in spec.joints:
            ControlTable.load(joint.servo)
    except SpecError:
        return False
    return True
