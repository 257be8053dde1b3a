"""Laws of exchanging policies: few that serve all, none at more cost than its own is worth."""

from dataclasses import replace

import numpy as np
import pytest
from tuned_servo import pretrained

from ashore.adapt.exchange import Exchange, Served, exchange
from ashore.adapt.gate import GateConfig
from ashore.adapt.posterior import Posterior


def of(loss):
    loss = np.array(loss)
    names = tuple("abcdef"[: len(loss)])
    return Exchange(names=names, tuned=names, reward=0.9 - loss, least=0.01)


def test_losses_are_beside_ones_own_policy():
    found = of([[0, 0.002, 0.2], [0.004, 0, 0.3], [0.1, -0.2, 0]])
    np.testing.assert_allclose(found.loss, [[0, 0.002, 0.2], [0.004, 0, 0.3], [0.1, -0.2, 0]])


def test_the_policy_that_serves_most_comes_first():
    found = of([[0, 0.002, 0.2], [0.004, 0, 0.3], [0.1, 0.009, 0]])
    assert found.served == (
        Served(whose="b", robots=("a", "b", "c"), most=pytest.approx(0.009)),
    )


def test_of_two_that_serve_as_many_the_one_under_which_less_is_lost():
    found = of([[0, 0.006, 0.2], [0.004, 0, 0.3], [0.1, 0.09, 0]])
    assert found.served == (
        Served(whose="a", robots=("a", "b"), most=pytest.approx(0.004)),
        Served(whose="c", robots=("c",), most=0.0),
    )


def test_one_that_is_served_already_serves_nobody():
    # b would serve d too, but b itself goes with a, which serves three.
    loss = [[0, 0.2, 0.2, 0.2], [0.001, 0, 0.2, 0.2], [0.001, 0.2, 0, 0.2], [0.2, 0.001, 0.2, 0]]
    found = of(loss).served
    assert [each.robots for each in found] == [("a", "b", "c"), ("d",)]


def test_all_are_served_and_each_once():
    rng = np.random.default_rng(0)
    for _ in range(50):
        loss = rng.uniform(-0.02, 0.05, (6, 6))
        np.fill_diagonal(loss, 0.0)
        found = of(loss).served
        assert sorted(name for each in found for name in each.robots) == list("abcdef")
        assert all(each.whose in each.robots and each.most <= 0.01 for each in found)


def robot(base, gain, seed):
    """A judged bundle of a robot of known stiffness, whose candidate passed."""
    posterior = Posterior(
        names=("gain_divisor",),
        widths=(1,),
        log=np.array([False]),
        mode=np.array([gain]),
        covariance=np.eye(1),
        prior_mean=np.array([128.0]),
        prior_sd=np.array([50.0]),
        low=np.array([32.0]),
        high=np.array([2048.0]),
    )
    rng = np.random.default_rng(seed)
    actor = {k: v + rng.normal(size=v.shape).astype(v.dtype) * 1e-4 for k, v in base.actor.items()}
    verdict = {"answer": "IMPROVED", "why": ["so"]}
    return replace(base, actor=actor, posterior=posterior.to_json(), verdict=verdict)


@pytest.mark.slow
def test_policies_are_driven_on_robots_like_each(tmp_path, one_thread):
    base = pretrained(tmp_path)
    spoilt = {name: 0.0 * values for name, values in base.actor.items()}
    robots = {
        "one": robot(base, 128.0, 0),
        "two": robot(base, 130.0, 1),
        "idle": replace(robot(base, 128.0, 2), actor=spoilt),
        "refused": replace(
            robot(base, 128.0, 3), actor=spoilt, verdict={"answer": "REGRESSED", "why": ["so"]}
        ),
    }
    stages = []
    config = GateConfig(robots=32)
    found = exchange(base, robots, config, lambda text, done: stages.append(done))
    assert found.reward.shape == (4, 4)
    assert found.tuned == ("one", "two", "idle")
    # One and refused are the same robots; a refused candidate is nobody's policy.
    np.testing.assert_array_equal(found.reward[0], found.reward[3])
    assert found.reward[0, 3] == pytest.approx(found.reward[0, 0], abs=1e-3)
    # A policy that does nothing earns another reward.
    assert abs(found.reward[0, 2] - found.reward[0, 0]) > 0.02
    assert stages[-1] == 1.0
    assert stages == sorted(stages)
