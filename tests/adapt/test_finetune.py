"""Fine-tuning trains what its rung says, near what it came from."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from tuned_servo import LESSON, PER_UPDATE, RANGES, SHORT, SOFT, SPEC, TASK, pretrained, tuner

from ashore.adapt.errors import AdaptError
from ashore.adapt.tuning.assignment import Assignment
from ashore.adapt.tuning.blend import blend
from ashore.adapt.tuning.choice import why
from ashore.adapt.tuning.climb import Ascent, Climb
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.trial import Stage, Trial
from ashore.envs.dice import Dice
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.policies.bundle import Bundle
from ashore.policies.learners.network import RUNGS
from ashore.policies.learners.off_policy import make_off_policy, off_policy_actor
from ashore.policies.policy import Policy
from ashore.policies.shipped import find_bundle
from ashore.policies.train_config import NetworkConfig, OffPolicyConfig, TrainConfig

slow = pytest.mark.slow
HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    """A policy that training has only begun to form."""
    return pretrained(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def without_critic() -> Bundle:
    """A policy that SAC has only begun to form."""
    config = TrainConfig(
        algorithm="sac",
        robots=64,
        horizon=8,
        gamma=0.9,
        learning_rate=2e-3,
        network=NetworkConfig(trunk=(16, 16), critic=(64, 64)),
        off_policy=OffPolicyConfig(starts=2_000, batch=256),
    )
    contract = LESSON.contract(config.network, config.seed)
    learner = make_off_policy(LESSON.env(contract, 64, config.seed), contract, config)
    learner.learn(9_000, log_interval=None)
    return Bundle(
        robot=SPEC,
        contract=contract,
        actor=off_policy_actor(learner),
        critic={},
        randomization=LESSON.randomization.to_json(),
        provenance={"config": asdict(config)},
    )


def changed(bundle: Bundle, actor: dict[str, np.ndarray]) -> set[str]:
    """Layers whose weights are no longer what they were, to the bit."""
    return {n.rsplit(".", 1)[0] for n, w in bundle.actor.items() if not np.array_equal(w, actor[n])}


@slow
@pytest.mark.parametrize(
    ("rung", "layers"),
    [
        ("head", {"head"}),
        ("block", {"head", "trunk.1"}),
        ("low_rank", {"head", "trunk.1", "trunk.0"}),
        ("all", {"head", "trunk.1", "trunk.0"}),
    ],
)
def test_a_rung_changes_its_layers_and_no_other_bit(bundle, rung, layers):
    tuned = tuner(bundle, rungs=(rung,), steps=3 * PER_UPDATE, rounds=1, rank=2).run()
    (trained,) = (trial.actor for trial in tuned.trials if trial.weight == 1.0)
    assert changed(bundle, trained) == layers
    rank = np.linalg.matrix_rank(trained["trunk.1.weight"] - bundle.actor["trunk.1.weight"], 1e-6)
    # Of 16; how many of them a few updates reach is chance.
    assert rank > 8 if rung in ("block", "all") else rank == {"head": 0, "low_rank": 2}[rung]
    Policy(trained)  # plain weights, as any policy's


@slow
def test_tuning_gains_on_the_target(bundle):
    tuned = tuner(bundle).run()
    assert tuned.best.rung == "head"
    assert tuned.best.target > tuned.trials[0].target + SHORT.least_gain


@slow
def test_a_policy_without_a_critic_is_tuned_with_a_new_one(without_critic):
    tuned = tuner(without_critic, fresh_warmup=4).run()
    assert tuned.best.rung == "head"
    assert tuned.best.target > tuned.trials[0].target + SHORT.least_gain
    assert changed(without_critic, tuned.best.actor) == {"head"}
    squash = tuned.best.actor["head.squash"]
    assert np.array_equal(squash, without_critic.actor["head.squash"])


@slow
def test_a_new_critic_learns_longer_before_the_actor_moves(without_critic):
    def gain(updates: int) -> float:
        steps = SHORT.steps + updates * PER_UPDATE
        before, *_, tuned = tuner(without_critic, fresh_warmup=updates, steps=steps).run().trials
        return tuned.target - before.target

    assert gain(8) > gain(0)


@slow
def test_a_heavier_anchor_keeps_the_policy_nearer(bundle):
    def distance(anchor: float) -> float:
        trial = tuner(bundle, anchor=anchor).run().trials[-1]
        return float(np.abs(trial.actor["head.weight"] - bundle.actor["head.weight"]).sum())

    assert distance(10.0) < 0.5 * distance(0.0)


@slow
def test_the_same_seed_tunes_to_the_same_bits(bundle):
    first, second = (tuner(bundle, steps=8_000).run().trials[-1].actor for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


KILLED = """
import os, signal, sys
from pathlib import Path
from tuned_servo import tuner
from ashore.policies.bundle import Bundle
def tell(text, done):
    if text.startswith("low_rank, round 2"):
        os.kill(os.getpid(), signal.SIGKILL)
tuner(Bundle.load(sys.argv[1]), **WAY).run(tell, Path(sys.argv[2]))
"""
WAY = {
    "rungs": ("block", "low_rank"),
    "steps": 8 * PER_UPDATE,
    "rounds": 4,
    "patience": 2,
    "least_gain": 9.0,
    "validation_robots": 8,
}
"""Each rung takes two rounds, since none gains that much."""


@slow
def test_a_tuning_that_was_killed_goes_on_to_the_same_bits_and_only_with_its_settings(
    bundle, tmp_path
):
    kept = tmp_path / "kept"
    script = KILLED.replace("WAY", repr(WAY))
    command = [sys.executable, "-c", script, str(bundle.save(tmp_path / "bundle")), str(kept)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(HERE)}, check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(AdaptError, match="holds a tuning with settings other than asked for now"):
        tuner(bundle, **WAY, seed=1).run(resume=kept)
    told = []
    quiet = tuner(bundle, **WAY).run()
    tuned = tuner(bundle, **WAY).run(lambda text, done: told.append(text), resume=kept)
    assert {text[: len("low_rank, round 2")] for text in told} >= {"low_rank, round 2"}
    assert not any(text.startswith("block") for text in told)
    assert tuned.rounds == quiet.rounds
    for mine, theirs in zip(tuned.trials, quiet.trials, strict=True):
        assert (mine.target, mine.source, mine.way) == (theirs.target, theirs.source, theirs.way)
        assert all(np.array_equal(mine.actor[name], theirs.actor[name]) for name in mine.actor)
    assert tuned.trials.index(tuned.best) == quiet.trials.index(quiet.best)
    assert [path.name for path in kept.iterdir()] == ["climb.pt"]  # no learner is left over


@slow
def test_where_no_rung_gains_every_rung_is_tried_to_its_plateau_and_no_further(bundle):
    still = {"learning_rate": 0.0, "rungs": RUNGS, "rounds": 8, "patience": 1}
    tuned = tuner(bundle, **still, validation_robots=8).run()
    assert tuned.best is tuned.trials[0]
    assert [each.rung for each in tuned.rounds] == list(RUNGS)
    assert tuned.steps < SHORT.steps
    assert "has nothing to gain" in tuned.why


def test_all_rungs_together_take_a_tenth_of_pretrainings_steps():
    quadruped = Bundle.load(find_bundle("quadruped"))
    work = Assignment(
        bundle=quadruped, task=TASK, target=SOFT, source=RANGES, config=FinetuneConfig()
    )
    assert 390_000 < work.updates * work.per_update <= 400_000


def ascent(most, mark=0.5):
    stage = Stage(rung="head", updates=12, warmup=2, most=most)
    return Ascent(stage=stage, mark=mark, actor={}, critic={})


def test_rounds_share_a_rungs_updates_after_its_warm_up():
    assert [ascent(3).stage.end(done) for done in (1, 2, 3)] == [5, 8, 12]


def test_a_rung_ends_at_its_plateau_and_keeps_its_best_round():
    climbing, keep = ascent(9), {"head.bias": np.zeros(1)}
    for reward in (0.49, 0.56, 0.561, 0.559):  # a gain of 0.004 counts: only the second is one
        assert not climbing.over(2)
        climbing.note(reward, {"round": climbing.done}, keep, 0.004)
    assert climbing.over(2)
    assert (climbing.best, climbing.stage.rounds, climbing.actor) == (0.561, 3, {"round": 2})


def test_a_rung_that_only_begins_badly_is_not_given_up():
    climbing = ascent(9)
    for reward in (0.4, 0.51, 0.52):
        climbing.note(reward, {}, {}, 0.004)
    assert climbing.stale == 0


def test_more_data_is_asked_for_only_where_the_log_leaves_the_robot_open():
    def trial(rung):
        return Trial(rung=rung, weight=0.0, target=0.5, source=0.9, actor={})

    climb = Climb(trials=[trial("none"), trial("head"), trial("all")], critic={})
    said = why(climb, 0.004, wide=True), why(climb, 0.004, wide=False)
    assert [("record more" in text, "nothing to gain" in text) for text in said] == [
        (True, False),
        (False, True),
    ]
    assert all("no rung (head, all)" in text for text in said)


def test_rungs_that_there_are_not_are_refused():
    with pytest.raises(AdaptError, match=r"asked for are neck; there are: head, block, low_rank"):
        FinetuneConfig(rungs=("neck",))


def test_interpolation_ends_at_its_ends():
    bundle = Bundle.load(find_bundle("quadruped"))
    tuned = {name: weight + 1.0 for name, weight in bundle.actor.items()}
    assert changed(bundle, blend(bundle.actor, tuned, 0.0)) == set()
    half = blend(bundle.actor, tuned, 0.5)["head.bias"]
    assert half == pytest.approx(bundle.actor["head.bias"] + 0.5)


def test_a_mixture_takes_its_share_and_leaves_the_rest_nominal():
    first = Randomization(terms=(Term(parameter="viscous", low=0.02, high=0.02),))
    second = Randomization(terms=(Term(parameter="friction_base", low=0.05, high=0.05),))
    simulation = Simulation(SPEC, 1)
    mixture = Mixture(first=first, second=second, share=0.3)
    drawn = mixture.draw(simulation, Dice(0, 4_000))
    theirs = drawn["friction_base"][:, 0] == 0.05
    # 4000 draws at 0.3: standard error 0.007.
    assert theirs.mean() == pytest.approx(0.3, abs=0.03)
    nominal = {name: p.value for name, p in simulation.parameters.items()}
    assert np.all(drawn["viscous"][theirs] == nominal["viscous"])
    assert np.all(drawn["friction_base"][~theirs] == nominal["friction_base"])
