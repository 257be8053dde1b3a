"""Laws of refining what was read of a walk: regressions on robots whose numbers are known."""

import numpy as np
import pytest

from ashore.adapt.walking.likelihood import regressed

LOW, HIGH = np.array([0.1, 0.1]), np.array([0.3, 0.3])
NOISE = 0.04


def crowd(rng, n=128, centre=0.4):
    """Two numbers of each robot, and what is read of them: shrunk, shifted, and mixed."""
    z = centre + rng.normal(0.0, 0.12, (n, 2))
    return z, readings(z, rng)


def readings(z, rng):
    return 0.1 + z @ np.array([[0.5, 0.1], [0.0, 0.6]]) + NOISE * rng.normal(size=z.shape)


@pytest.mark.parametrize("truth", [0.15, 0.25, 0.55, 0.75])
def test_intervals_hold_numbers_inside_and_outside_the_range_of_pretraining(truth):
    inside = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        z, s = crowd(rng, centre=truth)
        here = readings(np.full((1, 2), truth), rng)[0]
        found = regressed(z, s, here, ridge=1.0, explained=0.3)
        mean, covariance = found.posterior(LOW, HIGH)
        inside += abs(mean[0] - truth) < 1.2816 * np.sqrt(covariance[0, 0])
    assert 0.7 <= inside / 80 <= 0.97


def test_a_number_far_outside_is_not_drawn_towards_the_range():
    rng = np.random.default_rng(0)
    z, s = crowd(rng, n=4_000, centre=0.7)
    here = readings(np.full((4_000, 2), 0.7), rng).mean(axis=0)
    mean, _ = regressed(z, s, here, ridge=1.0, explained=0.3).posterior(LOW, HIGH)
    assert mean[0] == pytest.approx(0.7, abs=0.01)


def test_of_a_number_that_readings_do_not_follow_nothing_is_told():
    rng = np.random.default_rng(1)
    z, s = crowd(rng)
    s[:, 1] = rng.normal(size=len(s))
    z[:, 1] = rng.normal(size=len(s))
    assert regressed(z, s, s[0], ridge=1.0, explained=0.3).rows.tolist() == [0]
