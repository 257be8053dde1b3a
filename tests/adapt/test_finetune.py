"""Fine-tuning trains what its rung says, near what it came from."""

import numpy as np
import pytest
from bench import SHIPPED

from ashore.adapt.finetune import FinetuneConfig, Finetuner, blend
from ashore.envs.dice import Dice
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.track import Track
from ashore.policies.bundle import Bundle
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, TrainConfig

pytestmark = pytest.mark.slow

SOFT = Randomization(terms=(Term(parameter="gain_divisor", low=480.0, high=560.0),))
SHORT = FinetuneConfig(
    steps=16_000, robots=64, warmup=1, rungs=("head",), weights=(1.0,), validation_robots=32
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
