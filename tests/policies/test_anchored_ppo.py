"""Laws of the learner: it trains what it was given, and an anchor holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.learners.network import actor_weights, critic_weights, final_layers
from ashore.policies.learners.rollout import Rollout, Step
from ashore.policies.learners.update import Update
from ashore.policies.policy import Policy
from ashore.policies.train import make_ppo, told
from ashore.policies.train_config import NetworkConfig, TrainConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

SPEC = RobotSpec.load("servo")
TASK = make_task("track", SPEC)
NARROW = NetworkConfig(trunk=(8, 8), critic=(8,), ticks=4, encoder=(8,), latent=6)
CONFIG = TrainConfig(robots=8, horizon=25, network=NARROW, learning_rate=1e-2)


def make(memory="none", **changed):
    ranges, config = Randomization.load("servo"), replace(CONFIG, **changed)
    network = replace(config.network, memory=memory)
    contract = network.within(TASK.contract(SPEC))
    settings = EnvConfig(robots=config.robots, privileged=ranges)
    env = SimulationVecEnv(SPEC, TASK, contract, ranges, settings)
    return make_ppo(env, network.shape(contract, told(env, contract)), config)


@pytest.fixture
def learner():
    return make()


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
    value = critic_weights(learner.policy)
    learner.train_only(final_layers(learner.policy, "head"))
    distance = moved(learner)
    assert distance["head"] > 0.0
    assert distance["trunk.0"] == distance["trunk.1"] == 0.0
    now = critic_weights(learner.policy)
    changed = {name for name in now if not np.array_equal(now[name], value[name])}
    assert changed == set(now) - {"log_std"}


def test_layers_learn_the_slower_the_deeper_they_are(learner):
    learner.train_only(final_layers(learner.policy, "all"), shrink=0.25)
    learner.learn(400)
    rates = [group["lr"] for group in learner.policy.optimizers["actor"].param_groups]
    assert rates == pytest.approx([rates[0], 0.25 * rates[0], 0.0625 * rates[0]])
    assert learner.policy.optimizers["critic"].param_groups[0]["lr"] == rates[0]


def test_a_critic_can_learn_alone(learner):
    learner.train_only([])
    assert set(moved(learner).values()) == {0.0}


def test_only_supervision_moves_an_encoder():
    learner = make("encoder")
    assert all(distance > 0.0 for distance in moved(learner).values())
    learner.train_only(final_layers(learner.policy, "all"))
    distance = moved(learner)
    assert distance["encoder.0"] == distance["latent"] == 0.0
    assert distance["trunk.0"] > 0.0


@pytest.mark.parametrize("memory", ["none", "history", "encoder"])
def test_a_robot_acts_without_what_only_its_critic_is_told(memory):
    learner = make(memory)
    wide = torch.from_numpy(learner.env.reset())
    size = learner.env.get_attr("contract")[0].observation_size
    assert size < wide.shape[1]
    other = wide.clone()
    other[:, size:] += 1.0
    policy = learner.policy
    assert torch.equal(policy.see(wide), policy.see(other))
    assert not torch.equal(policy.predict_values(wide), policy.predict_values(other))
    acted = Policy(actor_weights(policy)).act(wide[:, :size].numpy())
    assert acted == pytest.approx(policy.mean(policy.see(wide)).detach().numpy(), abs=1e-5)


def test_an_encoder_learns_to_tell_one_servo_from_another():
    learner = make("encoder", robots=64, learning_rate=3e-3, update=Update(epochs=1))
    losses = []

    class Listen(BaseCallback):
        def _on_step(self):
            return True

        def _on_rollout_start(self):
            losses.append(self.logger.name_to_value.get("train/encoder_loss"))

    learner.learn(50 * 64 * 25, callback=Listen())
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[1:3])


def test_an_advantage_is_what_generalized_estimation_says():
    learner = make()
    policy, rollout = learner.policy, Rollout(gamma=0.9, gae_lambda=0.5)
    wide = torch.from_numpy(learner.env.reset())
    ended = [[0.0] * 8, [1.0, 1.0, *[0.0] * 6], [0.0] * 8]
    nothing, steps = torch.zeros(8, 1), []
    for t, done in enumerate(ended):
        cut = torch.tensor([1] if t == 1 else [], dtype=torch.long)
        steps.append(
            Step(
                observation=wide + t,
                seen=policy.see(wide),
                action=nothing,
                log_prob=nothing[:, 0],
                reward=torch.full((8,), 1.0 + t),
                done=torch.tensor(done),
                cut=cut,
                last=wide[cut] + 7.0,
            )
        )
    rollout.take(steps, wide + 3, policy)
    v = [policy.predict_values(wide + t)[:, 0].detach() for t in (0, 1, 2, 3, 7)]
    # rewards are 1, 2, 3; robot 0 failed in the second tick, robot 1 was cut there
    surprise = [1.0 + 0.9 * v[1] - v[0], 2.0 + 0.9 * v[2] - v[1], 3.0 + 0.9 * v[3] - v[2]]
    want = surprise[0] + 0.45 * (surprise[1] + 0.45 * surprise[2])
    want[0] = surprise[0][0] + 0.45 * (2.0 - v[1][0])
    want[1] = surprise[0][1] + 0.45 * (2.0 + 0.9 * v[4][1] - v[1][1])
    assert (rollout.target[:8] - v[0]).tolist() == pytest.approx(want.tolist(), abs=1e-5)
    assert float(rollout.advantage.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(rollout.advantage.std()) == pytest.approx(1.0, abs=1e-4)


def test_a_minibatch_leaves_nothing_out_and_takes_nothing_twice(learner):
    learner.learn(200)
    rows = torch.cat(learner.rollout.parts(3))
    assert sorted(rows.tolist()) == list(range(200))


def test_a_heavy_anchor_holds_the_policy_near_its_reference():
    def distance(weight):
        learner = make(learning_rate=1e-3)
        seen = learner.policy.see(torch.from_numpy(learner.env.reset()))
        before = learner.policy.mean(seen).detach()
        learner.anchor_to_present(weight)
        learner.learn(3_000)
        return float((learner.policy.mean(seen).detach() - before).abs().mean())

    assert distance(100.0) < 0.5 * distance(0.0)


def test_the_reference_does_not_move(learner):
    learner.anchor_to_present(1.0)
    before = actor_weights(learner.reference)
    learner.learn(600)
    after = actor_weights(learner.reference)
    assert all(np.array_equal(before[name], after[name]) for name in before)
