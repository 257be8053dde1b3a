"""Laws of the randomization: every draw starts at the nominal and stays physical."""

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
N = 400


@pytest.fixture
def simulation():
    return Simulation(SPEC, N)


def draw(simulation, *terms, seed=0):
    return Randomization(terms=terms).draw(simulation, Dice(seed, N))


@pytest.mark.parametrize(
    ("operation", "low", "high", "ends"),
    [
        ("set", 4.0, 6.0, (4.0, 6.0)),
        ("scale", 0.5, 2.0, (3.0, 12.0)),  # 6 V * 0.5 .. 6 V * 2
        ("add", -1.0, 0.5, (5.0, 6.5)),  # 6 V - 1 .. 6 V + 0.5
    ],
)
def test_a_term_sets_scales_or_adds_to_the_nominal(simulation, operation, low, high, ends):
    term = Term(parameter="supply_voltage", low=low, high=high, operation=operation)
    drawn = draw(simulation, term)["supply_voltage"]
    assert drawn.shape == (N, 1)
    assert drawn.min() == pytest.approx(ends[0], abs=0.02 * (ends[1] - ends[0]))
    assert drawn.max() == pytest.approx(ends[1], abs=0.02 * (ends[1] - ends[0]))
    assert Randomization(terms=(term,)).ends({"supply_voltage": 6.0}) == {"supply_voltage": ends}


@pytest.mark.parametrize("operation", ["scale", "add"])
def test_a_draw_never_compounds(simulation, operation):
    term = Term(parameter="armature", low=0.001, high=0.0011, operation=operation)
    term = (
        Term(parameter="mass", low=1.1, high=1.2, operation="scale")
        if operation == "scale"
        else term
    )
    everyone, dice = np.arange(N), Dice(1, N)
    for _ in range(20):
        values = Randomization(terms=(term,)).draw(simulation, dice)
        simulation.give(values, everyone)
    nominal = simulation.parameters[term.parameter].value
    ends = sorted(term.of(nominal, np.array([0.0, 1.0])))
    assert ends[0] <= simulation.values(term.parameter).min()
    assert simulation.values(term.parameter).max() <= ends[1]
    if operation == "scale":
        mass = simulation.batch.expanded("body_mass")
        assert mass[:, 2] == pytest.approx(0.49 * simulation.values("mass")[:, 0])


def test_a_draw_reaches_the_robots_asked_for_and_no_others(simulation):
    before = simulation.values("viscous").copy()
    simulation.give({"viscous": np.array([[0.02], [0.03]])}, np.array([3, 7]))
    assert simulation.values("viscous")[[3, 7], 0].tolist() == [0.02, 0.03]
    others = np.delete(np.arange(N), [3, 7])
    assert np.array_equal(simulation.values("viscous")[others], before[others])


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (
            Term(parameter="resistance", low=0.1, high=1.1, operation="scale"),
            r"resistance \*U\(0.1, 1.1\) gives 0.\d+ to 3.\d+ ohm; physical is 0.5 to 15",
        ),
        (
            Term(parameter="friction_load", low=0.2, high=1.2),
            r"friction_load =U\(0.2, 1.2\) gives 0.2 to 1.2 -; physical is 0 to 0.95",
        ),
        (
            Term(parameter="command_delay", low=-0.1, high=0.0, operation="add"),
            r"command_delay \+U\(-0.1, 0\) gives -0.09\d* to 0.00\d+ s; physical is 0 to 0.12",
        ),
    ],
)
def test_a_range_that_leaves_physics_is_refused_by_name(simulation, term, said):
    with pytest.raises(ModelError, match=said):
        Randomization(terms=(term,)).check(simulation)


def test_a_term_of_no_parameter_hears_which_exist(simulation):
    with pytest.raises(ModelError, match="no parameter 'weight'; there are: armature"):
        Randomization(terms=(Term(parameter="weight", low=0, high=1),)).check(simulation)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"low": 2.0, "high": 1.0}, "low 2.0 is above high 1.0"),
        ({"low": np.nan, "high": 1.0}, "low nan is above high 1.0"),
        ({"low": 0.0, "high": 1.0, "operation": "times"}, "'times'; allowed: set, scale, add"),
    ],
)
def test_a_term_that_cannot_be_is_refused(parts, said):
    with pytest.raises(ModelError, match=said):
        Term(parameter="mass", **parts)


def test_the_shipped_ranges_are_physical_and_survive_json(simulation):
    shipped = Randomization.load("servo")
    shipped.check(simulation)
    assert Randomization.from_json(shipped.to_json()) == shipped


@pytest.mark.parametrize("text", ["", "3", "{}x", '[{"parameter": "mass"}]', '["mass"]', "null"])
def test_what_is_no_randomization_is_refused(text):
    with pytest.raises(ModelError, match="not a randomization"):
        Randomization.from_json(text)


def test_a_seed_draws_the_same_robots(simulation):
    terms = Randomization.load("servo").terms
    one, two = draw(simulation, *terms, seed=5), draw(simulation, *terms, seed=5)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_mixture_takes_each_robot_whole_from_one_source(simulation):
    def fixed(**values):
        terms = (Term(parameter=name, low=v, high=v) for name, v in values.items())
        return Randomization(terms=tuple(terms))

    mixed = Mixture(first=fixed(viscous=0.01, mass=2.0), second=fixed(viscous=0.02), share=0.25)
    drawn = mixed.draw(simulation, Dice(2, N))
    second = drawn["viscous"][:, 0] == 0.02
    # a parameter of the first source alone is nominal (1) for the second's robots
    assert np.array_equal(drawn["mass"][:, 0], np.where(second, 1.0, 2.0))
    assert 0.15 < second.mean() < 0.35
