"""Laws of wider and narrower ranges: about the nominal robot, within what is physical."""

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.stretch import widened
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec, shipped_robots

SERVO = RobotSpec.load("servo")


def world():
    return Simulation(SERVO, 1)


def one(**term):
    return Randomization(terms=(Term(**term),))


@pytest.mark.parametrize(
    ("term", "share", "low", "high"),
    [
        ({"parameter": "mass", "low": 0.8, "high": 1.4, "operation": "scale"}, 0.5, 0.9, 1.2),
        ({"parameter": "mass", "low": 0.8, "high": 1.4, "operation": "scale"}, 2.0, 0.6, 1.8),
        ({"parameter": "payload", "low": 0.0, "high": 0.2, "operation": "add"}, 2.0, 0.0, 0.4),
        ({"parameter": "payload", "low": 0.0, "high": 0.2, "operation": "add"}, 0.0, 0.0, 0.0),
        # A mass of less than a twentieth is not physical.
        ({"parameter": "mass", "low": 0.8, "high": 1.4, "operation": "scale"}, 10.0, 0.05, 5.0),
        ({"parameter": "payload", "low": -0.0, "high": 30.0, "operation": "add"}, 3.0, 0.0, 50.0),
        # What the nominal robot is not within is stretched from the end next to it.
        ({"parameter": "mass", "low": 1.2, "high": 1.4, "operation": "scale"}, 2.0, 1.2, 1.6),
    ],
)
def test_ends_move_about_what_leaves_the_nominal_robot_as_it_is(term, share, low, high):
    (found,) = widened(one(**term), world(), share).terms
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.operation, found.mode) == (Term(**term).operation, "reset")


@pytest.mark.parametrize("robot", shipped_robots())
@pytest.mark.parametrize("share", [0.0, 0.5, 1.5])
def test_shipped_ranges_can_be_stretched_and_drawn(robot, share):
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    made = Simulation(spec, 8, SimulationConfig().having(ranges.names))
    wide = widened(ranges, made, share)
    drawn = wide.draw(made, Dice(0, 8))
    made.give(drawn, np.arange(8))
    if share == 0.0:
        varied = [t.parameter for t in wide.terms if t.low != t.high and t.mode != "interval"]
        assert varied == []


def test_two_terms_that_leave_what_is_physical_together_are_named():
    terms = tuple(
        Term(parameter="mass", name=name, low=0.3, high=1.2, operation="scale")
        for name in ("one", "two")
    )
    with pytest.raises(ModelError, match="two: mass"):
        widened(Randomization(terms=terms), world(), 1.2)


@pytest.mark.parametrize("robot", shipped_robots())
def test_ranges_come_back_from_the_file_they_are_written_to(robot, tmp_path):
    ranges = Randomization.load(robot)
    path = tmp_path / "ranges.toml"
    path.write_text(ranges.to_toml())
    assert Randomization.read(path).terms == ranges.terms


def test_a_term_with_everything_comes_back_too(tmp_path):
    term = Term(
        parameter="push",
        name='gust "north"',
        low=-1.5,
        high=2.0,
        mode="interval",
        on=("trunk:x", "*:y"),
        every=(0.5, 2.0),
        hold=0.1,
    )
    path = tmp_path / "ranges.toml"
    path.write_text(Randomization(terms=(term,)).to_toml())
    assert Randomization.read(path).terms == (term,)
