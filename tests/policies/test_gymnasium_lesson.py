"""Laws of learning in Gymnasium's environments: by the same training, into the same bundle."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from ashore.envs.errors import ModelError, TaskError
from ashore.envs.gym.contract_vec_env import ContractVecEnv, gymnasium_contract
from ashore.envs.gym.gymnasium_env import GymnasiumConfig, GymnasiumVecEnv
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError, TrainingError
from ashore.policies.gymnasium_lesson import GymnasiumLesson
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.learners.update import Update
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, TrainConfig

pytestmark = pytest.mark.slow

PENDULUM = GymnasiumLesson(
    robot=GymnasiumRobot(name="InvertedPendulum-v5"),
    randomization=Randomization(
        terms=(
            Term(parameter="mass", low=0.8, high=1.2, operation="scale"),
            Term(parameter="strength", low=0.8, high=1.2),
            Term(parameter="observation_noise", low=0.0, high=0.002),
        )
    ),
)
TOY = TrainConfig(
    steps=30_000,
    robots=16,
    horizon=32,
    update=Update(epochs=10),
    gamma=0.99,
    network=NetworkConfig(trunk=(32, 32), critic=(32, 32), spread=0.6),
    learning_rate=2e-3,
    target=None,
)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    run = tmp_path_factory.mktemp("pendulum")
    return train(PENDULUM, run, TOY), run


def test_a_randomized_pendulum_is_balanced_in_seconds(toy):
    bundle, _ = toy
    still = PENDULUM.examine(lambda seen: np.zeros((len(seen), 1), "f4"), bundle.contract, 7)
    learned = PENDULUM.examine(bundle.policy.act, bundle.contract, 7)
    # Left alone it falls within 50 of the 1,000 steps.
    assert still.reward.mean() < 0.1
    assert learned.reward.mean() > 0.8


def test_the_policy_balances_gymnasiums_own_pendulum(toy):
    bundle, _ = toy
    env = gymnasium.make("InvertedPendulum-v5")
    seen, _ = env.reset(seed=3)
    steps, over = 0, False
    (term,), action = bundle.contract.terms, bundle.contract.action
    assert (term.signal, term.size, action.scale) == ("observation", 4, (3.0,))
    mean, std = np.array(bundle.contract.mean), np.array(bundle.contract.std)
    while not over:
        wish = bundle.policy.act(((seen - mean) / std).astype("f4")[None])[0]
        seen, _, fallen, cut, _ = env.step(3.0 * np.clip(wish, -1.0, 1.0))
        steps, over = steps + 1, fallen or cut
    assert steps > 500


def test_the_bundle_survives_the_disk_and_says_what_it_is(toy, tmp_path):
    bundle, _ = toy
    kept = Bundle.load(bundle.save(tmp_path / "b"))
    assert kept.robot == GymnasiumRobot(name="InvertedPendulum-v5")
    assert kept.digest == bundle.digest
    assert (tmp_path / "b" / "gymnasium.json").exists()
    assert Randomization.from_json(kept.randomization) == PENDULUM.randomization
    card = kept.attachments["card.md"].decode()
    assert "exists in simulation only" in card
    assert all(str(term) in card for term in PENDULUM.randomization.terms)
    with pytest.raises(BundleError, match=r"for Gymnasium's InvertedPendulum-v5.* nothing to rec"):
        _ = kept.spec
    other = replace(bundle, robot=GymnasiumRobot(name="Hopper-v5"))
    with pytest.raises(BundleError, match="the environment is 'Hopper-v5'"):
        other.require_whole()


def test_a_finished_training_comes_back_and_one_of_another_environment_is_refused(toy):
    bundle, run = toy
    assert train(PENDULUM, run, TOY).digest == bundle.digest
    for changed in (
        {"robot": GymnasiumRobot(name="Hopper-v5")},
        {"robot": replace(PENDULUM.robot, arguments={"reset_noise_scale": 0.02})},
        {"randomization": Randomization(terms=())},
    ):
        with pytest.raises(TrainingError, match="holds a training of another robot"):
            train(replace(PENDULUM, **changed), run, TOY)


def test_what_cannot_be_is_refused_before_training(tmp_path):
    wrong = Randomization(terms=(Term(parameter="mass", low=-1.0, high=1.0),))
    with pytest.raises(ModelError, match="term mass"):
        train(replace(PENDULUM, randomization=wrong), tmp_path, TOY)
    with pytest.raises(TaskError, match="no Gymnasium environment"):
        train(replace(PENDULUM, robot=GymnasiumRobot(name="Hoper-v5")), tmp_path, TOY)


def test_actions_of_a_policy_span_the_environments():
    robots = GymnasiumVecEnv("Pusher-v5", config=GymnasiumConfig(robots=2))
    env = ContractVecEnv(robots, gymnasium_contract(robots))
    env.reset()
    env.step(np.full((2, 7), [[1.0], [-9.0]], dtype="f4"))
    assert np.allclose(robots.simulation.ctrl, [[2.0] * 7, [-2.0] * 7])


def test_a_contracts_last_observation_is_normalised_as_all_others_are():
    robots = GymnasiumVecEnv("Reacher-v5", config=GymnasiumConfig(robots=2, infos=True))
    contract = gymnasium_contract(robots)
    env = ContractVecEnv(robots, contract.with_normaliser(np.ones(10), np.full(10, 2.0)), 0.25)
    env.reset()
    for _ in range(50):
        seen, reward, done, infos = env.step(np.zeros((2, 2), dtype="f4"))
    assert done.all()
    own = robots.rules.envs[0]
    assert np.allclose(seen[0], (own._get_obs() - 1.0) / 2.0)
    for i, info in enumerate(infos):
        assert info["terminal_observation"].dtype == np.float32
        assert info["terminal_observation"][0] == pytest.approx((np.cos(0.0) - 1.0) / 2.0, abs=0.02)
        told = info["reward_dist"] + info["reward_ctrl"]
        assert reward[i] == pytest.approx(0.25 * told, rel=1e-5)
