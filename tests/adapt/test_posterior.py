"""Laws of the posterior."""

import numpy as np
import pytest
from recorded import SERVO

from ashore.adapt.errors import AdaptError
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import WIDE, Coordinates, Prior
from ashore.adapt.side_by_side import side_by_side
from ashore.envs.dice import Dice
from ashore.envs.physics.motor_model import Parameter
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig

SIMULATION = Simulation(SERVO, 64, SimulationConfig(threads=1))


def posterior(priors=WIDE, shrink=1.0, z=0.0, joints=1):
    coordinates = Coordinates(priors, SIMULATION.parameters, joints)
    size = len(coordinates.mean)
    return Posterior.of(coordinates, np.full(size, z), shrink**2 * np.eye(size))


@pytest.mark.parametrize("z", [-3.0, 0.0, 3.0])
def test_a_draw_never_leaves_what_is_physical(z):
    wide = {name: Prior(sd=5.0 * p.sd, log=p.log, mean=p.mean) for name, p in WIDE.items()}
    drawn = posterior(wide, z=z).draw(SIMULATION, Dice(0, 64))
    for name, values in drawn.items():
        parameter = SIMULATION.parameters[name]
        assert values.shape == (64, 1)
        assert values.min() >= parameter.low
        assert values.max() <= parameter.high
    SIMULATION.give(drawn, np.arange(64))


def test_draws_follow_mode_and_covariance():
    names = {"resistance": Prior(sd=0.1, log=True), "encoder_offset": Prior(sd=0.05)}
    coordinates = Coordinates(names, SIMULATION.parameters, 1)
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    found = Posterior.of(coordinates, np.array([1.0, -1.0]), covariance)
    sample = found.sample(Dice(1, 4000))
    # ln 2.81 + 0.1 = 1.133; 0 - 0.05.
    assert sample.mean(axis=0) == pytest.approx([1.1332, -0.05], abs=0.01)
    assert sample.std(axis=0) == pytest.approx([0.1, 0.05], rel=0.05)
    assert np.corrcoef(sample.T)[0, 1] == pytest.approx(0.8, abs=0.03)
    assert found.value["resistance"] == pytest.approx([2.81 * np.exp(0.1)])


def test_draws_depend_on_the_generator_alone():
    one, two = (posterior().draw(SIMULATION, Dice(3, 8)) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_intervals_hold_their_share_of_draws():
    found = posterior(shrink=0.5)
    drawn = found.draw(SIMULATION, Dice(2, 4000))
    for name in ("motor_constant", "encoder_offset", "friction_load"):
        low, high = found.intervals(0.8)[name]
        inside = np.mean((drawn[name] > low) & (drawn[name] < high))
        assert inside == pytest.approx(0.8, abs=0.04)


def test_intervals_stay_physical():
    low, high = posterior().intervals(0.99)["friction_external"]
    assert 0.0 <= low[0] < high[0]


def test_told_means_at_most_half_the_priors_width():
    assert posterior(shrink=0.49).told("resistance")
    assert not posterior(shrink=0.51).told("resistance")
    assert posterior(shrink=0.3).ratio("mass") == pytest.approx(0.3)
    with pytest.raises(AdaptError, match="no 'warp' in the posterior; there are: gain_divisor"):
        posterior().told("warp")


def test_json_brings_back_every_number():
    before = posterior(shrink=0.37, z=0.2)
    after = Posterior.from_json(before.to_json())
    assert all(np.array_equal(getattr(before, key), value) for key, value in vars(after).items())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"names": []}'])
def test_other_text_is_no_posterior(text):
    with pytest.raises(AdaptError, match="not a posterior"):
        Posterior.from_json(text)


def test_each_joint_has_its_own_values_and_the_robot_one_mass():
    found = posterior(joints=3)
    assert found.value["friction_base"].shape == (3,)
    assert found.value["mass"].shape == (1,)
    with pytest.raises(AdaptError, match="3 values of 'gain_divisor' a robot, and the simulation"):
        found.draw(SIMULATION, Dice(0, 1))


def test_an_unknown_parameter_and_a_belief_without_width_are_refused():
    with pytest.raises(AdaptError, match="a prior of 'warp'"):
        posterior({"warp": Prior(sd=1.0)})
    with pytest.raises(AdaptError, match="must be above 0"):
        Prior(sd=0.0)


def test_what_was_measured_stands_beside_what_was_fitted():
    fitted = posterior({name: p for name, p in WIDE.items() if name != "supply_voltage"})
    parameter = Parameter(name="supply_voltage", value=6.0, unit="V", low=3.5, high=13.0)
    whole = fitted.measured("supply_voltage", np.array([5.2]), Prior(sd=0.3), parameter)
    assert whole.names == (*fitted.names, "supply_voltage")
    assert whole.value["supply_voltage"].tolist() == [5.2]
    # Nine tenths of the prior's width are gone.
    assert whole.ratio("supply_voltage") == pytest.approx(0.1)
    for name in fitted.names:
        assert whole.ratio(name) == fitted.ratio(name)
        assert np.array_equal(whole.value[name], fitted.value[name])


def test_robots_side_by_side_are_nominal_in_what_they_do_not_say():
    some = Parameter(name="a", value=1.0, unit="-", low=0.0, high=9.0, elements=("x", "y"))
    other = Parameter(
        name="b", value=2.0, unit="-", low=0.0, high=9.0, elements=("x", "y"), nominal=(2.0, 3.0)
    )
    robots = [{}, {"a": np.array([[5.0]])}, {"a": np.array([6.0, 7.0]), "b": np.array([8.0])}]
    found = side_by_side(robots, {"a": some, "b": other})
    assert found["a"].tolist() == [[1.0, 1.0], [5.0, 5.0], [6.0, 7.0]]
    assert found["b"].tolist() == [[2.0, 3.0], [2.0, 3.0], [8.0, 8.0]]
