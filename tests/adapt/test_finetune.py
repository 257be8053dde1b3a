"""Fine-tuning trains what its rung says, near what it came from."""

from dataclasses import asdict

import numpy as np
import pytest
from bench import SHIPPED

from ashore.adapt.tuning.blend import blend
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.tuning.finetuner import Finetuner
from ashore.envs.dice import Dice
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.track import Track
from ashore.policies.bundle import Bundle
from ashore.policies.learners.off_policy import make_off_policy, off_policy_actor
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, OffPolicyConfig, TrainConfig

pytestmark = pytest.mark.slow

SOFT = Randomization(terms=(Term(parameter="gain_divisor", low=480.0, high=560.0),))
SHORT = FinetuneConfig(
    steps=16_000,
    rounds=2,
    robots=64,
    warmup=1,
    rungs=("head",),
    weights=(1.0,),
    validation_robots=32,
)
TASK = Track(SHIPPED)
TASK.episode = 2.0
LESSON = RobotLesson(spec=SHIPPED, task=TASK, randomization=Randomization.load("servo"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    """A policy that training has only begun to form."""
    config = TrainConfig(
        steps=40_000, robots=128, network=NetworkConfig(trunk=(16, 16), critic=(16,))
    )
    run = tmp_path_factory.mktemp("run")
    return train(LESSON, run, config)


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
        robot=SHIPPED,
        contract=contract,
        actor=off_policy_actor(learner),
        critic={},
        randomization=LESSON.randomization.to_json(),
        provenance={"config": asdict(config)},
    )


def tuner(bundle: Bundle, **changed: object) -> Finetuner:
    config = FinetuneConfig(**{**vars(SHORT), **changed})
    return Finetuner(bundle, TASK, SOFT, Randomization.load("servo"), config)


def changed(bundle: Bundle, actor: dict[str, np.ndarray]) -> set[str]:
    """Layers whose weights are no longer what they were, to the bit."""
    return {n.rsplit(".", 1)[0] for n, w in bundle.actor.items() if not np.array_equal(w, actor[n])}


@pytest.mark.parametrize(
    ("rung", "layers"),
    [("head", {"head"}), ("block", {"head", "trunk.1"}), ("all", {"head", "trunk.1", "trunk.0"})],
)
def test_a_rung_changes_its_layers_and_no_other_bit(bundle, rung, layers):
    tuned = tuner(bundle, rungs=(rung,)).run()
    trained = [trial for trial in tuned.trials if trial.weight == 1.0]
    assert [changed(bundle, trial.actor) for trial in trained] == [layers]


def test_tuning_gains_on_the_target(bundle):
    tuned = tuner(bundle).run()
    assert tuned.best.rung == "head"
    assert tuned.best.target > tuned.trials[0].target + SHORT.least_gain


def test_a_policy_without_a_critic_is_tuned_with_a_new_one(without_critic):
    tuned = tuner(without_critic, fresh_warmup=4).run()
    assert tuned.best.rung == "head"
    assert tuned.best.target > tuned.trials[0].target + SHORT.least_gain
    assert changed(without_critic, tuned.best.actor) == {"head"}
    squash = tuned.best.actor["head.squash"]
    assert np.array_equal(squash, without_critic.actor["head.squash"])


def test_a_new_critic_learns_longer_before_the_actor_moves(without_critic):
    def gain(updates: int) -> float:
        steps = SHORT.steps + updates * 64 * 24  # of 64 robots, 24 between updates
        before, *_, tuned = tuner(without_critic, fresh_warmup=updates, steps=steps).run().trials
        return tuned.target - before.target

    assert gain(8) > gain(0)


def test_a_heavier_anchor_keeps_the_policy_nearer(bundle):
    def distance(anchor: float) -> float:
        trial = tuner(bundle, anchor=anchor).run().trials[-1]
        return float(np.abs(trial.actor["head.weight"] - bundle.actor["head.weight"]).sum())

    assert distance(10.0) < 0.5 * distance(0.0)


def test_the_same_seed_tunes_to_the_same_bits(bundle):
    first, second = (tuner(bundle, steps=8_000).run().trials[-1].actor for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_interpolation_ends_at_its_ends(bundle):
    tuned = {name: weight + 1.0 for name, weight in bundle.actor.items()}
    assert changed(bundle, blend(bundle.actor, tuned, 0.0)) == set()
    half = blend(bundle.actor, tuned, 0.5)["head.bias"]
    assert half == pytest.approx(bundle.actor["head.bias"] + 0.5)


def test_a_mixture_takes_its_share_and_leaves_the_rest_nominal():
    first = Randomization(terms=(Term(parameter="viscous", low=0.02, high=0.02),))
    second = Randomization(terms=(Term(parameter="friction_base", low=0.05, high=0.05),))
    simulation = Simulation(SHIPPED, 1)
    mixture = Mixture(first=first, second=second, share=0.3)
    drawn = mixture.draw(simulation, Dice(0, 4_000))
    theirs = drawn["friction_base"][:, 0] == 0.05
    # 4000 draws at 0.3: standard error 0.007.
    assert theirs.mean() == pytest.approx(0.3, abs=0.03)
    nominal = {name: p.value for name, p in simulation.parameters.items()}
    assert np.all(drawn["viscous"][theirs] == nominal["viscous"])
    assert np.all(drawn["friction_base"][~theirs] == nominal["friction_base"])
