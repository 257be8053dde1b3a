"""Laws of the terms: what their file says, when they are drawn, and who shares a number."""

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.hardware.spec import RobotSpec, shipped_robots

QUADRUPED = RobotSpec.load("quadruped")
N = 40


@pytest.fixture(scope="module")
def world():
    return Simulation(QUADRUPED, N)


def draw(world, dice, *terms):
    return Randomization(terms=terms).draw(world, dice)


def test_a_table_gives_the_range_under_the_operations_name():
    table = {"parameter": "payload", "on": "trunk", "add": [0, 0.5], "mode": "startup"}
    term = Term.from_table("ballast", table)
    assert term == Term(
        name="ballast", parameter="payload", low=0.0, high=0.5, operation="add", mode="startup",
        on=("trunk",),
    )
    assert str(term) == "ballast: payload[trunk] +U(0, 0.5)"
    assert Term.from_table("mass", {"scale": [0.9, 1.1]}).parameter == "mass"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (3, r"mass is 3; allowed: a \[mass\] table"),
        ({}, r"give one range, as set, scale or add = \[low, high\]; found none"),
        ({"set": [1, 2], "add": [1, 2]}, "found set, add"),
        ({"scale": 1.1}, r"term mass: scale is 1.1; allowed: two numbers \[low, high\]"),
        ({"scale": [0.9, "1"]}, "allowed: two numbers"),
        ({"scale": [0.9, 1.1], "mod": "reset"}, "unknown key 'mod'; known keys: add, each, every"),
        ({"scale": [0.9, 1.1], "mode": "often"}, "mode is 'often'; allowed: startup, reset"),
        ({"scale": [0.9, 1.1], "each": "leg"}, "each is 'leg'; allowed: element, limb, robot"),
        ({"set": [0, 1], "mode": "interval", "every": [1, 2], "hold": 0}, "hold is 0; allowed"),
    ],
)
def test_a_table_that_cannot_be_is_refused_by_its_key(table, said):
    with pytest.raises(ModelError, match=said):
        Term.from_table("mass", table)


def test_each_says_who_shares_a_number(world):
    for each, distinct in (("element", 12), ("limb", 4), ("robot", 1)):
        term = Term(parameter="strength", low=0.5, high=1.0, operation="scale", each=each)
        drawn = draw(world, Dice(0, N), term)["strength"]
        assert {len(set(row)) for row in drawn.tolist()} == {distinct}
        legs = drawn.reshape(N, 4, 3)
        assert (legs == legs[:, :, :1]).all() == (each != "element")


def test_on_leaves_the_other_elements_at_their_nominal(world):
    term = Term(parameter="strength", low=0.5, high=0.6, on=("rear_*", "*_knee"))
    drawn = draw(world, Dice(0, N), term)["strength"]
    chosen = [name.startswith("rear") or name.endswith("knee") for name in QUADRUPED.names]
    assert (drawn[:, np.logical_not(chosen)] == 1.0).all()
    assert (drawn[:, chosen] <= 0.6).all()


def test_startup_is_the_same_in_every_episode_and_another_on_every_robot(world):
    startup = Term(parameter="armature", low=0.5, high=2.0, operation="scale", mode="startup")
    reset = Term(parameter="viscous", low=0.5, high=2.0, operation="scale")
    dice = Dice(0, N)
    first, second = (draw(world, dice, startup, reset) for _ in range(2))
    assert np.array_equal(first["armature"], second["armature"])
    assert not np.array_equal(first["viscous"], second["viscous"])
    assert len(np.unique(first["armature"])) == N * 12


def test_terms_of_one_parameter_go_on_from_one_another_and_not_from_the_last_reset(world):
    wide = Term(name="all", parameter="strength", low=0.5, high=0.5, operation="scale")
    one = Term(parameter="strength", low=0.4, high=0.4, operation="scale", on=("front_left_*",))
    for _ in range(3):
        world.give(draw(world, Dice(0, N), wide, one), np.arange(N))
    assert world.values("strength")[:, :3] == pytest.approx(0.2)
    assert world.values("strength")[:, 3:] == pytest.approx(0.5)


def test_a_range_is_judged_after_the_terms_before_it(world):
    half = Term(name="half", parameter="mass", low=0.1, high=1.0, operation="scale")
    again = Term(name="again", parameter="mass", low=0.1, high=1.0, operation="scale")
    Randomization(terms=(half,)).check(world)
    with pytest.raises(ModelError, match=r"term again: mass \*U\(0.1, 1\) gives 0.01 to 1"):
        Randomization(terms=(half, again)).check(world)


def test_two_terms_of_one_name_are_refused():
    term = Term(parameter="mass", low=0.9, high=1.1)
    with pytest.raises(ModelError, match="two terms are named 'mass'; give each a name"):
        Randomization(terms=(term, term))


@pytest.mark.parametrize("robot", shipped_robots())
def test_shipped_ranges_survive_json(robot):
    ranges = Randomization.load(robot)
    assert Randomization.from_json(ranges.to_json()) == ranges


def test_a_robot_without_a_file_of_ranges_hears_what_to_do(tmp_path):
    (tmp_path / "spec.toml").write_text("")
    with pytest.raises(ModelError, match=r"has no randomization.toml, which says what training"):
        Randomization.load(str(tmp_path))
    (tmp_path / "randomization.toml").write_text("[mass\n")
    with pytest.raises(ModelError, match=r"randomization.toml cannot be read: .*; mend it"):
        Randomization.load(str(tmp_path))
