"""Laws of fitting a walker: what is read of a gait, what is believed, what counts as unusual."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ashore.adapt.errors import AdaptError
from ashore.adapt.reaction import reaction
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.conditioning import conditioned
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.gait_window import columns, gait_windows
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.range_test import most_unusual, rank
from ashore.adapt.walking.watched import Cast, sight, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks import make_task
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

BUNDLE = Bundle.load(find_bundle("quadruped"))
PRIOR = WalkerPrior.of(BUNDLE)
WORLD = Simulation(BUNDLE.spec, 1)
LOOKING = sight(BUNDLE)
TICKS = 100


def gait(first: float, amplitude: float = 0.3) -> np.ndarray:
    """A walk whose first joint swings at its gait's second harmonic, from a phase in cycles on."""
    where = columns(LOOKING)
    seen = np.zeros((1, TICKS, LOOKING.observation_size), np.float32)
    turn = 2.0 * np.pi * (first + 2.0 * np.arange(TICKS) / BUNDLE.spec.rate)
    seen[0, :, where["phase"]] = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    seen[0, :, where["posture"].start] = 0.1 + amplitude * np.cos(2.0 * turn)
    return seen


def belief(sd: float = 0.05) -> Belief:
    told = np.array([3, 40])
    return Belief(prior=PRIOR, told=told, mean=np.array([0.5, 0.98]), covariance=np.eye(2) * sd**2)


def test_where_in_its_cycle_a_window_begins_does_not_show():
    ours, theirs = (gait_windows(LOOKING, gait(first), TICKS) for first in (0.0, 0.37))
    assert np.allclose(ours, theirs, atol=1e-4)


def test_a_harmonic_is_read_at_its_size():
    size = LOOKING.observation_size
    joint = columns(LOOKING)["posture"].start
    found = gait_windows(LOOKING, gait(0.2), TICKS)[0, 0][: 7 * size].reshape(7, size)[:, joint]
    # Mean 0.1; of cosine and sine of harmonics 1, 2 and 3, the second cosine 0.3.
    assert np.allclose(found, [0.1, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0], atol=1e-4)


def test_what_is_left_beside_the_gait_is_read_by_its_size_and_by_its_echo():
    where, rng = columns(LOOKING), np.random.default_rng(0)
    seen = gait(0.0)
    shake = rng.normal(size=TICKS).astype(np.float32)
    seen[0, :, where["last_action"].start] = shake
    seen[0, 2:, where["joint_velocity"].start] = -0.5 * shake[:-2]
    size = LOOKING.observation_size
    found = gait_windows(LOOKING, seen, TICKS)[0, 0]
    echoes = found[8 * size :].reshape(3, 4, 12)[1, :, 0]
    # Velocity answers two steps later, by half and against it.
    assert np.argmax(np.abs(echoes)) == 2
    assert echoes[2] == pytest.approx(-0.5, abs=0.1)


def test_numbers_and_the_values_they_make_are_a_draw():
    dice = (Dice(5, 3, purpose="law") for _ in range(2))
    drawn = PRIOR.wide.draw(WORLD, next(dice))
    crowd = Crowd(ranges=PRIOR.wide, units=PRIOR.wide.units(WORLD, next(dice)))
    again = crowd.draw(WORLD, Dice(9, 3))
    assert all((drawn[name] == again[name]).all() for name in drawn)


def test_each_number_is_known_by_its_term_and_by_whose_it_is():
    names = [f"{term.title} {of}".strip() for term, of in PRIOR.wide.drawn(WORLD)]
    assert len(set(names)) == len(names)
    assert {"gain", "leg_strength front_left", "encoder_offset rear_right_knee"} <= set(names)


def test_most_of_a_robot_is_as_pretraining_drew_it():
    units = PRIOR.draw(WORLD, Dice(1, 400, purpose="law"))
    low, high = PRIOR.narrow(WORLD)
    outside = ((units < low - 1e-9) | (units > high + 1e-9)).mean(axis=0)
    assert outside.max() < 0.3
    assert (PRIOR.draw(WORLD, Dice(1, 400), far=0.0) >= low - 1e-9).all()
    far = outside[[t.title == "gain" for t, _ in PRIOR.wide.drawn(WORLD)].index(True)]
    # A quarter of the robots have the whole range of gain, three quarters of which is outside.
    assert far == pytest.approx(0.25 * 0.75, abs=0.06)


def test_a_belief_draws_what_it_was_told_and_the_rest_as_in_pretraining():
    units = belief().units(WORLD, Dice(0, 300))
    low, high = PRIOR.narrow(WORLD)
    rest = np.setdiff1d(np.arange(units.shape[1]), belief().told)
    assert units[:, 3].mean() == pytest.approx(0.5, abs=0.02)
    assert units.min() >= 0.0
    assert units.max() <= 1.0
    # The nominal robot need not lie in the ranges of pretraining; on the way to it robots may be.
    nominal = PRIOR.nominal(WORLD)
    assert (units[:, rest] >= np.minimum(low, nominal)[rest] - 1e-9).all()
    assert (units[:, rest] <= np.maximum(high, nominal)[rest] + 1e-9).all()


def test_a_number_far_off_is_unusual_and_robots_alike_are_as_rarely_as_was_said():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(500, 80, 30))
    alike = np.array([most_unusual(each) for each in numbers])
    assert np.mean(alike <= 0.05) == pytest.approx(0.05, abs=0.02)
    numbers[:, -1, 3] += 6.0
    assert np.mean([most_unusual(each) <= 0.05 for each in numbers]) > 0.95


def test_half_the_robots_of_a_prior_lie_on_the_way_to_the_nominal_one():
    units, nominal = PRIOR.draw(WORLD, Dice(0, 4_000), far=0.0), PRIOR.nominal(WORLD)
    low, high = PRIOR.narrow(WORLD)
    whole = low + (high - low) * 0.5 - nominal
    column = int(np.argmax(np.abs(whole)))
    way = (units[:, column] - nominal[column]) / whole[column]
    # Half at all of the way, which is one on average, and half evenly between none and all.
    assert way.mean() == pytest.approx(0.75, abs=0.03)


def test_a_belief_is_read_back_as_it_was():
    ours = belief()
    theirs = Belief.from_json(ours.to_json())
    first, second = (each.draw(WORLD, Dice(4, 5)) for each in (ours, theirs))
    assert all((first[name] == second[name]).all() for name in first)
    for text in ("{}", "[]", "no", json.dumps({"wide": []})):
        with pytest.raises(AdaptError, match="not a belief"):
            Belief.from_json(text)


def test_a_term_that_pretraining_did_not_vary_is_refused(tmp_path, monkeypatch):
    (tmp_path / "wide.toml").write_text("[colour]\nset = [0.0, 1.0]\n")
    monkeypatch.setattr("ashore.adapt.walking.prior.find_robot", lambda _: tmp_path)
    with pytest.raises(AdaptError, match="'colour' that pretraining did not vary; there are"):
        WalkerPrior.of(BUNDLE)


def test_one_of_the_same_kind_is_unusual_as_often_as_it_should_be():
    rng = np.random.default_rng(0)
    p = [rank(rng.normal(size=(40, 30))) for _ in range(300)]
    # A rank among 40: uniform, so that one in twenty lies at or below 0.05.
    assert np.mean(np.array(p) <= 0.05) < 0.1
    assert np.mean(p) == pytest.approx(0.51, abs=0.05)
    odd = rng.normal(size=(40, 30))
    odd[-1] += 3.0
    assert rank(odd) == pytest.approx(1 / 40)


def test_a_robot_without_a_gait_is_read_by_means_and_residuals_alone():
    looking = replace(LOOKING, terms=tuple(t for t in LOOKING.terms if t.signal != "phase"))
    seen = np.random.default_rng(0).normal(size=(2, 250, looking.observation_size))
    found = gait_windows(looking, seen.astype(np.float32), TICKS)
    assert found.shape == (2, 2, 2 * looking.observation_size + 3 * 4 * 12)


def followed(delay: float, stiffness: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles and goals of a servo under proportional control that is late by some steps."""
    fine, steps = 20, 400
    time = np.arange(steps * fine) / fine
    wish = np.sin(0.31 * time) + 0.5 * np.sin(0.83 * time + 1.0)
    goal = np.repeat(wish[::fine], fine)
    late = np.concatenate([np.full(round(delay * fine), goal[0]), goal])[: len(goal)]
    angle = np.zeros(len(goal))
    for k in range(1, len(goal)):
        angle[k] = angle[k - 1] + stiffness * (late[k - 1] - angle[k - 1]) / fine
    return angle[::fine, None], goal[::fine, None]


@pytest.mark.parametrize("stiffness", [0.4, 0.8])
def test_a_delay_is_read_whatever_the_stiffness(stiffness):
    pairs = [followed(delay, stiffness) for delay in (0.0, 1.0, 3.0, 0.5)]
    angle, goal = (np.stack(each) for each in zip(*pairs, strict=True))
    found = reaction(angle, goal)[:, 0]
    assert np.allclose(found[:3] - found[0], [0.0, 1.0, 3.0], atol=0.02)
    assert found[3] == pytest.approx(0.5, abs=0.15)
    # Robots side by side are read as one by one.
    assert np.allclose(found, [reaction(*pair)[0] for pair in pairs], atol=1e-9)


def test_a_belief_is_conditioned_on_a_sum_and_keeps_what_the_sum_does_not_tell():
    rng, before = np.random.default_rng(0), belief(0.1)
    numbers = rng.uniform(size=(128, 2))
    seen = 3.0 * numbers.sum(axis=1) + 0.01 * rng.normal(size=128)
    found = conditioned(replace(before, mean=np.array([0.4, 0.4])), numbers, seen, 3.0)
    assert found.mean == pytest.approx([0.5, 0.5], abs=0.01)
    total, apart = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    assert total @ found.covariance @ total < 0.05**2
    assert apart @ found.covariance @ apart == pytest.approx(apart @ before.covariance @ apart)


def test_what_has_nothing_to_do_with_a_measurement_is_not_moved_by_it():
    rng, before = np.random.default_rng(1), belief(0.1)
    numbers = rng.uniform(size=(128, 2))
    seen = numbers[:, 0] + 0.05 * rng.normal(size=128)
    found = conditioned(before, numbers, seen, 0.8)
    assert found.mean[0] > 0.7
    assert (found.mean[1], found.sd[1]) == (before.mean[1], pytest.approx(before.sd[1]))
    # However far off: the simulator may be what is wrong.
    far = conditioned(before, numbers, seen, 80.0)
    assert far.mean[0] <= before.mean[0] + 3.0 * 0.12


@pytest.mark.slow
def test_intervals_of_four_fifths_hold_the_truth_of_hidden_robots_four_times_in_five():
    robots, ticks = 48, 1_000
    estimator = Estimator.of(BUNDLE)
    assert estimator is not None
    units = PRIOR.draw(WORLD, Dice(555, robots, purpose="hidden"))
    task = make_task(BUNDLE.contract.task, BUNDLE.spec)
    cast = Cast(source=Crowd(ranges=PRIOR.wide, units=units), robots=robots, ticks=ticks, seed=900)
    found, _ = watch(BUNDLE, task, cast)
    whole = found.lived == ticks
    mean, sd = estimator.read(gait_windows(LOOKING, found.seen[whole, 50:], TICKS))
    truth = units[whole][:, estimator.told]
    told = sd.mean(axis=0) < 0.8 * estimator.prior[1]
    names = {PRIOR.wide.drawn(WORLD)[i][0].title for i in estimator.told[told]}
    assert {"gain", "leg_strength", "trunk_payload", "trunk_centre_along", "command_delay"} <= names
    # 80 % of a normal distribution lie within 1.2816 deviations.
    inside = np.abs(mean - truth)[:, told] < 1.2816 * sd[:, told]
    assert whole.sum() >= 40
    assert 0.7 < inside.mean() < 0.9
