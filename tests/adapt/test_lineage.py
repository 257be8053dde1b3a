"""Laws of keeping on learning: every step can be taken back, and earlier robots are remembered."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SHIPPED, small_bundle

from ashore.adapt.errors import AdaptError
from ashore.adapt.lineage import STEPS, earlier_robots, history, mixed, undo, with_step
from ashore.adapt.posterior import Posterior
from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.policies.bundle import Bundle


def posterior(gain: float) -> str:
    number = np.array([gain])
    return Posterior(
        names=("gain_divisor",),
        widths=(1,),
        log=np.array([False]),
        mode=number,
        covariance=np.eye(1),
        prior_mean=number,
        prior_sd=np.array([50.0]),
        low=np.array([32.0]),
        high=np.array([2048.0]),
    ).to_json()


def step(bundle: Bundle, change: float, answer: str) -> Bundle:
    """What an adaptation of `bundle` leaves."""
    actor = {name: value + np.float32(change) for name, value in bundle.actor.items()}
    return replace(
        bundle,
        actor=actor,
        verdict={"answer": answer, "why": ["so"]},
        posterior=posterior(100.0 * change),
        lineage=(*bundle.lineage, bundle.digest),
        attachments=with_step(bundle),
    )


def test_any_step_can_be_taken_back_after_a_way_over_the_disk(tmp_path):
    base = small_bundle()
    bundles = [base]
    for change in (1.0, 2.0, 3.0):
        bundles.append(step(bundles[-1], change, "IMPROVED"))
    loaded = Bundle.load(bundles[-1].save(tmp_path / "last"))
    for count in (1, 2, 3):
        then, wanted = undo(loaded, count), bundles[3 - count]
        assert then.digest == wanted.digest
        assert (then.verdict, then.posterior, then.lineage) == (
            wanted.verdict,
            wanted.posterior,
            wanted.lineage,
        )
        assert [each.digest for each in history(then)] == list(wanted.lineage)
    undo(loaded, 3).save(tmp_path / "first")


def test_there_is_no_way_back_beyond_the_first_step():
    base = small_bundle()
    with pytest.raises(AdaptError, match="it was never adapted"):
        undo(base)
    with pytest.raises(AdaptError, match="2 steps are to be undone and the bundle keeps 1"):
        undo(step(base, 1.0, "IMPROVED"), 2)


def test_a_damaged_history_is_said():
    broken = {**with_step(small_bundle()), STEPS: b'[{"digest": 1}]'}
    with pytest.raises(AdaptError, match=r"steps\.json cannot be read"):
        history(replace(small_bundle(), attachments=broken))


def test_robots_of_earlier_logs_are_remembered_if_their_step_was_let_pass():
    first = step(small_bundle(), 1.0, "IMPROVED")
    second = step(first, 2.0, "REGRESSED")
    third = step(second, 3.0, "IMPROVED")
    assert [source.value["gain_divisor"][0] for source in earlier_robots(third)] == [100.0, 300.0]
    assert earlier_robots(small_bundle()) == ()


def test_pretraining_and_each_earlier_robot_have_equal_shares():
    ranges = Randomization(terms=(Term(parameter="gain_divisor", low=400.0, high=500.0),))
    earlier = [Posterior.from_json(posterior(gain)) for gain in (100.0, 200.0)]
    world = Simulation(SHIPPED, 1)
    gain = mixed(ranges, earlier).draw(world, Dice(0, 600))["gain_divisor"][:, 0]
    for low, high in ((90.0, 110.0), (190.0, 210.0), (400.0, 500.0)):
        assert np.mean((gain >= low) & (gain <= high)) == pytest.approx(1 / 3, abs=0.06)
