"""Laws of the learner: it trains what it was given, and an anchor holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.network import actor_weights, critic_layers, final_layers
from ashore.policies.train import TrainConfig, make_ppo

SPEC = RobotSpec.load("servo")
TASK = make_task("track", SPEC)
CONFIG = TrainConfig(robots=8, horizon=25, trunk=(8, 8), critic=(8,), learning_rate=1e-2)


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small only wait for one another on more than one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def learner():
    contract = TASK.contract(SPEC)
    env = SimulationVecEnv(SPEC, TASK, contract, Randomization.load("servo"), EnvConfig(robots=8))
    return make_ppo(env, CONFIG)


def moved(learner, steps=1_000):
    """How far each of the actor's layers moved in a short training."""
    before = actor_weights(learner.policy)
    learner.learn(steps)
    after = actor_weights(learner.policy)
    names = [name.removesuffix(".weight") for name in before if name.endswith(".weight")]
    return {n: float(np.abs(after[f"{n}.weight"] - before[f"{n}.weight"]).max()) for n in names}


def test_all_layers_are_trained_unless_told_otherwise(learner):
    assert all(distance > 0.0 for distance in moved(learner).values())


def test_only_the_given_parameters_are_trained(learner):
    value = [layer.detach().clone() for layer in critic_layers(learner.policy)]
    learner.train_only([*final_layers(learner.policy, "head"), *critic_layers(learner.policy)])
    distance = moved(learner)
    assert distance["head"] > 0.0
    assert distance["trunk.0"] == distance["trunk.1"] == 0.0
    now = critic_layers(learner.policy)
    assert not any(torch.equal(a, b) for a, b in zip(value, now, strict=True))


@pytest.mark.slow
def test_a_heavy_anchor_holds_the_policy_near_its_reference():
    def distance(weight):
        contract = TASK.contract(SPEC)
        ranges = Randomization.load("servo")
        env = SimulationVecEnv(SPEC, TASK, contract, ranges, EnvConfig(robots=8))
        learner = make_ppo(env, replace(CONFIG, learning_rate=1e-3))
        seen = torch.from_numpy(env.reset())
        before = learner.policy.get_distribution(seen).mode().detach()
        learner.anchor_to_present(weight)
        learner.learn(3_000)
        after = learner.policy.get_distribution(seen).mode().detach()
        return float((after - before).abs().mean())

    assert distance(100.0) < 0.5 * distance(0.0)


def test_the_reference_does_not_move(learner):
    learner.anchor_to_present(1.0)
    before = actor_weights(learner.reference)
    learner.learn(600)
    after = actor_weights(learner.reference)
    assert all(np.array_equal(before[name], after[name]) for name in before)
