"""Laws of SAC and TQC: they learn, go on after a kill, stop where a number is not finite."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.errors import TrainingError
from ashore.policies.learners.off_policy import make_off_policy, off_policy_actor
from ashore.policies.policy import Policy
from ashore.policies.train_config import NetworkConfig, OffPolicyConfig, TrainConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

SPEC, RANGES = RobotSpec.load("servo"), Randomization.load("servo")
TASK = make_task("track", SPEC)
TINY = TrainConfig(
    algorithm="sac",
    robots=8,
    horizon=5,
    network=NetworkConfig(trunk=(16, 8), critic=(16,), ticks=4),
    off_policy=OffPolicyConfig(replay=1_600, starts=200, batch=32, updates=2, quantiles=5),
)
TOY = TrainConfig(
    algorithm="sac",
    robots=64,
    horizon=8,
    gamma=0.9,
    learning_rate=2e-3,
    network=NetworkConfig(trunk=(32, 32), critic=(64, 64)),
    off_policy=OffPolicyConfig(starts=2_000, batch=256),
)
BOTH = pytest.mark.parametrize("algorithm", ["sac", "tqc"])


def make(config=TINY, told=True, **changed):
    config = replace(config, **changed)
    contract = config.network.within(TASK.contract(SPEC))
    privileged = RANGES if told else None
    settings = EnvConfig(robots=config.robots, seed=config.seed, privileged=privileged)
    env = SimulationVecEnv(SPEC, TASK, contract, RANGES, settings)
    return make_off_policy(env, contract, config)


def learn(learner, steps, callback=None):
    left = steps - learner.num_timesteps
    return learner.learn(left, callback, log_interval=None, reset_num_timesteps=False)


def same(one, other):
    """Whether two learners' actors, critics and targets are equal to the last bit."""
    mine, theirs = one.policy.state_dict(), other.policy.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


@pytest.mark.slow
@BOTH
def test_a_toy_is_learned_in_seconds(algorithm):
    learner = learn(make(TOY, algorithm=algorithm), 20_000)
    actor, contract = off_policy_actor(learner), TASK.contract(SPEC)
    course = Course(spec=SPEC, task=TASK, source=RANGES, robots=64, seed=77)
    reward = evaluate(Policy(actor).act, contract, course).reward
    # goals on the target alone earn about 0.41
    assert reward.mean() > 0.8


@BOTH
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("memory", ["none", "history"])
def test_a_robot_does_by_numpy_what_was_learned(algorithm, told, memory):
    network = replace(TINY.network, memory=memory)
    learner = learn(make(told=told, algorithm=algorithm, network=network), 600)
    size = learner.env.get_attr("contract")[0].observation_size
    wide = np.array(learner._last_obs)
    assert (wide.shape[1] > size) == told
    policy = Policy(off_policy_actor(learner))
    want, _ = learner.predict(wide, deterministic=True)
    assert policy.act(wide[:, :size]) == pytest.approx(want, abs=1e-5)


def test_only_critics_are_told_what_a_robot_cannot_sense():
    learner = learn(make(), 600)
    size = learner.env.get_attr("contract")[0].observation_size
    wide = torch.from_numpy(np.array(learner._last_obs))
    other = wide.clone()
    other[:, size:] += 1.0
    action = torch.zeros(len(wide), 1)
    assert torch.equal(learner.actor(wide, True), learner.actor(other, True))
    assert not torch.equal(learner.critic(wide, action)[0], learner.critic(other, action)[0])


@BOTH
def test_the_same_seed_gives_the_same_weights(algorithm):
    one, two = (learn(make(algorithm=algorithm), 800) for _ in range(2))
    assert same(one, two)
    assert not same(one, learn(make(algorithm=algorithm, seed=1), 800))


class Keep(BaseCallback):
    """Keeps a checkpoint after some steps, between an update and the next rollout."""

    def __init__(self, run, steps):
        super().__init__()
        self.run, self.steps = run, steps

    def _on_step(self):
        return True

    def _on_rollout_start(self):
        if self.num_timesteps == self.steps:
            contract = self.training_env.get_attr("contract")[0]
            Checkpoint.of(self.model, contract, []).save(self.run)


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("steps", [120, 800, 2_000])
def test_a_resumed_training_is_an_uninterrupted_one(algorithm, steps, tmp_path):
    # kept while acting at random, while learning, and while the memory is written over
    quiet = learn(make(algorithm=algorithm), 2_400, Keep(tmp_path, steps))
    resumed = make(algorithm=algorithm, seed=7)
    assert Checkpoint.load(tmp_path).restore(resumed, resumed.env)
    assert resumed.num_timesteps == steps
    learn(resumed, 2_400)
    assert same(quiet, resumed)
    assert torch.equal(quiet.log_ent_coef, resumed.log_ent_coef)
    assert np.array_equal(quiet.replay_buffer.rewards, resumed.replay_buffer.rewards)


def test_a_checkpoint_holds_no_more_than_was_remembered(tmp_path):
    learner = make(off_policy=replace(TINY.off_policy, replay=1_000_000))
    learn(learner, 400)
    Checkpoint.of(learner, learner.env.get_attr("contract")[0], []).save(tmp_path)
    # 400 of a million transitions, of about 50 numbers each
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000_000


class Farewells(BaseCallback):
    """Remembers how episodes ended: row of the memory, robot, cut, and the last observation."""

    def __init__(self):
        super().__init__()
        self.found = []

    def _on_step(self):
        row = self.model.replay_buffer.pos
        for robot in np.flatnonzero(self.locals["dones"]):
            info = self.locals["infos"][robot]
            last = info["terminal_observation"]
            self.found.append((row, robot, info["TimeLimit.truncated"], last))
        return True


def test_an_episode_cut_by_time_goes_on_and_a_failed_one_does_not(monkeypatch):
    ended = np.zeros(8, dtype=bool)
    ended[3] = True
    monkeypatch.setattr(type(TASK), "ends", lambda self, signals: ended)
    # first episodes begin anywhere within themselves, some of these close to their ends
    learner, farewells = make(seed=3), Farewells()
    learn(learner, 1_000, farewells)
    memory = learner.replay_buffer
    assert {cut for *_, cut, _ in farewells.found} == {True, False}
    for row, robot, cut, last in farewells.found:
        assert cut == (robot != 3)
        assert memory.dones[row, robot] == 1.0
        assert memory.timeouts[row, robot] == cut
        assert memory.next_observations[row, robot].tolist() == last.tolist()
    # what is sampled as an end is the failed one's alone
    ends = memory.dones * (1.0 - memory.timeouts)
    assert ends[: memory.pos, 3].all()
    assert ends.sum() == ends[:, 3].sum()


@BOTH
def test_a_reward_that_is_not_finite_stops_before_a_weight_is_touched(algorithm):
    learner = learn(make(algorithm=algorithm), 400)
    before = {name: value.clone() for name, value in learner.policy.state_dict().items()}
    learner.replay_buffer.rewards[:] = np.nan
    with pytest.raises(TrainingError, match=r"critic's gradient is nan after 400 steps; the last"):
        learner.train(1, 32)
    assert all(torch.equal(before[k], v) for k, v in learner.policy.state_dict().items())


@BOTH
@pytest.mark.parametrize("name", ["actor", "critic"])
def test_a_weight_that_is_not_finite_stops_by_its_name(algorithm, name):
    learner = learn(make(algorithm=algorithm), 400)
    with torch.no_grad():
        next(getattr(learner, name).parameters())[0, 0] = np.nan
    with pytest.raises(TrainingError, match=rf"sum of the {name}'s weights is nan after 400"):
        learner.train(1, 32)


def test_an_encoder_is_refused_with_what_to_do():
    with pytest.raises(TrainingError, match=r"sac trains no encoder; ask for the memory `history`"):
        make(network=replace(TINY.network, memory="encoder"))


def test_ppo_is_refused():
    with pytest.raises(TrainingError, match="ppo remembers no transitions; sac and tqc do"):
        make(algorithm="ppo")


def test_a_bundle_of_it_is_loaded_without_a_critic(tmp_path):
    learner = learn(make(), 400)
    contract = learner.env.get_attr("contract")[0]
    bundle = Bundle(
        robot=SPEC,
        contract=contract,
        actor=off_policy_actor(learner),
        critic={},
        randomization=RANGES.to_json(),
        provenance={"config": asdict(TINY)},
    )
    loaded = Bundle.load(bundle.save(tmp_path / "b"))
    seen = np.ones((3, contract.observation_size), np.float32)
    assert loaded.critic == {}
    assert np.array_equal(loaded.policy.act(seen), bundle.policy.act(seen))
