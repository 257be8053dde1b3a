"""Laws of the dice: a robot's numbers are its own, and they are well spread."""

import copy

import numpy as np
import pytest

from ashore.envs.dice import Dice


def test_a_robots_numbers_do_not_depend_on_who_else_draws():
    together = Dice(3, 10)
    whole = [together.uniform(k=4), together.normal(5), together.uniform(k=3)]
    for first, n in ((0, 3), (3, 1), (4, 6)):
        part = Dice(3, n, first)
        drawn = [part.uniform(k=4), part.normal(5), part.uniform(k=3)]
        for a, b in zip(whole, drawn, strict=True):
            assert a[first : first + n].tobytes() == b.tobytes()


def test_what_some_robots_draw_moves_on_their_streams_alone():
    dice, still = Dice(0, 4), Dice(0, 4)
    some = dice.of(np.array([1, 3])).uniform(k=2)
    expected = still.uniform(k=2)
    assert np.array_equal(some, expected[[1, 3]])
    after, others = dice.uniform(), Dice(0, 4).uniform(k=3)
    assert np.array_equal(after[:, 0], [others[0, 0], others[1, 2], others[2, 0], others[3, 2]])
    assert np.array_equal(dice.of(np.array([1, 3])).of(np.array([1])).uniform(), dice_at(3, 4))


def dice_at(robot, word):
    """Word number `word` of a robot's stream of seed 0."""
    return Dice(0, 4).uniform(k=word)[robot, word - 1].reshape(1, 1)


@pytest.mark.parametrize("other", [{"seed": 1}, {"purpose": "noise"}, {"first": 500}])
def test_seeds_purposes_and_robots_have_unrelated_streams(other):
    one = Dice(0, 500).normal(200)
    two = Dice(**{"seed": 0, "n": 500, **other}).normal(200)
    # 100,000 pairs: a correlation of 1.6 % would be five standard deviations.
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.016


def test_anew_begins_at_the_same_place_each_time_and_disturbs_nothing():
    dice = Dice(5, 3)
    first, again = dice.anew("startup").uniform(k=4), dice.anew("startup").uniform(k=4)
    assert np.array_equal(first, again)
    assert np.array_equal(dice.uniform(k=4), Dice(5, 3).uniform(k=4))
    assert not np.array_equal(first, Dice(5, 3).uniform(k=4))


def test_uniform_numbers_fill_their_range_evenly():
    drawn = Dice(2, 1000).uniform(-1.0, 3.0, 100)
    counts, _ = np.histogram(drawn, bins=20, range=(-1.0, 3.0))
    # 5,000 a bin, standard deviation 69
    assert counts.sum() == 100_000
    assert np.abs(counts - 5_000).max() < 5 * 69


def test_normal_numbers_have_the_moments_of_a_normal_distribution():
    drawn = Dice(2, 1000).normal(1000)
    # of a million: standard errors .001, .0014, .0024, .0098
    assert abs(drawn.mean()) < 0.005
    assert abs(drawn.var() - 1.0) < 0.007
    assert abs((drawn**3).mean()) < 0.0125
    assert abs((drawn**4).mean() - 3.0) < 0.05


def test_whole_numbers_stay_below_their_bound():
    drawn = Dice(2, 1000).below(7, 10)
    assert sorted(set(drawn.ravel().tolist())) == list(range(7))


def test_a_state_taken_is_a_place_to_go_on_from():
    dice = Dice(4, 5)
    dice.normal(9)
    fresh = copy.deepcopy(dice)
    expected = dice.uniform(k=3)
    assert np.array_equal(fresh.uniform(k=3), expected)
