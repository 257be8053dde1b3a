"""Laws of when a log holds enough, in numbers that can be worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.adapt.excite.knowledge import Knowledge
from ashore.adapt.perturbation import Perturbation
from ashore.adapt.priors import Coordinates, Prior
from ashore.envs.physics.parameter import Parameter

NOTHING = Knowledge(
    names=("gain", "delay"), widths=(2, 1), z=np.zeros(3), information=np.eye(3)
)


def told(*information, rounds=1, **offers):
    """Knowledge with these diagonal informations, the prior's one included."""
    shown = {name: np.diag(np.array(offer, float)) for name, offer in offers.items()}
    matrix = np.diag(np.array(information, float))
    return replace(NOTHING, information=matrix, rounds=rounds, offers=shown)


def test_a_parameter_is_told_once_its_width_is_halved_for_every_joint():
    # 1 / sqrt(4.1) = 0.494, 1 / sqrt(3.9) = 0.506
    assert told(4.1, 3.9, 4.1).told == ("delay",)
    assert told(4.1, 4.1, 1.0).told == ("gain",)
    assert told(9.0, 16.0, 1.0).ratios == pytest.approx({"gain": 1 / 3, "delay": 1.0})
    assert NOTHING.untold == ("gain", "delay")


def test_what_comes_within_reach_is_what_the_same_pace_would_tell():
    # One round brought 1: after n more the information is 2 + n, and 4.1 takes 3 of them.
    assert told(2.0, 2.0, 1.0).within_reach(2) == ()
    assert told(2.0, 2.0, 1.0).within_reach(3) == ("gain",)
    assert NOTHING.within_reach(1) == ("gain", "delay")


def test_it_is_enough_when_all_is_told_or_when_no_round_narrows_anything():
    assert told(5.0, 5.0, 5.0).enough(9) == "every parameter is told"
    # sqrt(100 / 110) = 0.953: a gain of 4.7 % in two of three coordinates.
    tired = told(100.0, 100.0, 1.0, sweep=(10.0, 10.0, 0.0))
    assert tired.gain == pytest.approx(2 / 3 * 0.0465, abs=1e-4)
    assert "narrow what is known by 3.1% only" in str(tired.enough(9))
    assert told(100.0, 100.0, 1.0, sweep=(40.0, 40.0, 0.0)).enough(9) is None
    # Time enough for the delay, at this pace.
    assert told(100.0, 100.0, 2.0, sweep=(10.0, 10.0, 0.0)).enough(9) is None


def test_the_next_round_is_the_one_that_narrows_all_of_it_most():
    offers = {"sweep": (9.0, 9.0, 0.0), "steps": (0.0, 0.0, 30.0)}
    # log 10 + log 10 = 4.6 against log 31 = 3.4; once swept, 2 log 1.9 = 1.3 against 3.4.
    assert told(1.0, 1.0, 1.0, **offers).best() == "sweep"
    assert told(10.0, 10.0, 1.0, **offers).best() == "steps"


def test_limbs_on_a_fast_base_share_a_replay_and_are_told_apart():
    names = ("a", "b", "c", "d")
    own = Parameter(name="own", value=1.0, unit="-", low=0.0, high=2.0, elements=names)
    priors = {"own": Prior(sd=1.0), "all": Prior(sd=1.0, shared=True)}
    coordinates = Coordinates(priors, {"own": own, "all": replace(own, name="all")}, 4)
    perturbation = Perturbation(coordinates, limbs=[7, 7, 9, 9])
    # Two joints of each limb and one value for all: 3 replays beside the first, and not 5.
    assert perturbation.groups == 3
    step = np.array([0.1, 0.2, 0.1, 0.2, 0.5])
    beside = perturbation.beside(np.zeros(5), step)
    assert beside.shape == (4, 5)
    assert (beside[1:] != 0.0).sum(axis=0).tolist() == [1] * 5
    truth = np.array([[2.0, 1.0, 0.0, 0.0, 5.0], [0.0, 0.0, 3.0, 4.0, 6.0]])
    found = beside @ truth.T
    derivative = perturbation.derivative(found, step, joint=np.array([1, 2]))
    np.testing.assert_allclose(derivative, truth)


def test_limbs_on_a_free_base_have_a_replay_each():
    own = Parameter(name="own", value=1.0, unit="-", low=0.0, high=2.0, elements=("a", "b"))
    coordinates = Coordinates({"own": Prior(sd=1.0)}, {"own": own}, 2)
    assert Perturbation(coordinates, limbs=[0, 0]).groups == 2
