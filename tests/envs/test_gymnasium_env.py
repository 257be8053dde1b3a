"""Laws of Gymnasium's environments in a batch: Gymnasium's own bits, and each robot for itself."""

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.envs.mujoco.hopper_v5 import HopperEnv
from gymnasium.envs.mujoco.inverted_pendulum_v5 import InvertedPendulumEnv
from gymnasium_robots import N, actions, make, put

from ashore.envs.errors import ModelError, TaskError
from ashore.envs.gym.gymnasium_fallback import OwnRules
from ashore.envs.gym.gymnasium_rules import WalkerRules
from ashore.envs.physics.engine import library, untimed
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term

pytestmark = pytest.mark.slow

WALKERS = ["Ant-v5", "HalfCheetah-v5", "Hopper-v5", "Humanoid-v5", "InvertedPendulum-v5"]
WALKERS += ["Swimmer-v5", "Walker2d-v5"]
OTHERS = ["HumanoidStandup-v5", "InvertedDoublePendulum-v5", "Pusher-v5", "Reacher-v5"]


def agree(env, peers, steps):
    """Step both under the same actions, and compare every bit; how many episodes ended."""
    seen, ends = env.reset(), 0
    for i, peer in enumerate(peers):
        assert np.array_equal(put(peer, env, i), seen[i])
    for action in actions(env, steps):
        seen, reward, done, infos = env.step(action)
        for i, peer in enumerate(peers):
            want, gained, over, _, told = peer.step(action[i])
            last = infos[i].get("terminal_observation", seen[i])
            assert np.array_equal(last, want)
            assert reward[i] == np.float32(gained)
            assert (done[i] and not infos[i]["TimeLimit.truncated"]) == over
            tendons = {"tendon_length", "tendon_velocity"}
            assert all(np.all(infos[i][k] == told[k]) for k in told.keys() - tendons)
            if done[i]:
                ends += 1
                assert np.array_equal(put(peer, env, i), seen[i])
    return ends


@pytest.mark.parametrize("name", WALKERS)
def test_known_environments_give_gymnasiums_own_bits(name):
    env = make(name)
    assert isinstance(env.rules, WalkerRules)
    peers = [gymnasium.make(name).unwrapped for _ in range(N)]
    ends = agree(env, peers, 200)
    assert ends or name in ("HalfCheetah-v5", "Swimmer-v5")
    assert env.broken == 0


@pytest.mark.parametrize("name", [*OTHERS, "Hopper-v5"])
def test_any_other_environment_gives_gymnasiums_own_bits_by_its_own_code(name):
    env = make(name, own_code=True)
    assert isinstance(env.rules, OwnRules)
    agree(env, [gymnasium.make(name).unwrapped for _ in range(N)], 60)


def test_arguments_change_the_rules_as_they_do_in_gymnasium():
    given = {
        "ctrl_cost_weight": 0.3,
        "healthy_reward": 2.0,
        "include_cfrc_ext_in_observation": False,
        "exclude_current_positions_from_observation": False,
        "terminate_when_unhealthy": False,
        "main_body": "front_left_leg",
        "frame_skip": 3,
    }
    env = make("Ant-v5", arguments=given)
    assert env.observation_space.shape == (29,)
    assert agree(env, [gymnasium.make("Ant-v5", **given).unwrapped for _ in range(N)], 60) == 0


class Odd(HopperEnv):
    """Keeps count, filters its actions, pushes itself, and looks at MuJoCo's data."""

    def __init__(self, **options):
        self.count, self.filtered = 0, np.zeros(3)
        super().__init__(**options)

    def step(self, action):
        self.count += 1
        self.filtered += 0.5 * (action - self.filtered)
        self.data.xfrc_applied[1, 0] = 5.0 * np.sin(self.count)
        self.do_simulation(0.5 * self.filtered, 2)
        self.do_simulation(self.filtered, 1 + self.count % 3)
        touch = float(self.data.ncon) + float(self.data.efc_force.sum())
        if self.count == 20:
            self.data.qvel[0] += 0.1
        return self._get_obs(), touch + self.filtered[0], False, self.count > 30, {"n": self.count}

    def reset_model(self):
        self.count = 0
        self.filtered[:] = 0.0
        return super().reset_model()


class Plain(InvertedPendulumEnv):
    """Has a reward and an end of its own, and simulates as its parent does."""

    def step(self, action):
        seen, *_ = super().step(action)
        return (
            seen,
            float(1.0 - seen[1] ** 2 - 0.01 * action[0] ** 2),
            bool(seen[0] > 0.3),
            False,
            {},
        )


@pytest.mark.parametrize("own", [Odd, Plain])
def test_a_subclass_works_unchanged_and_to_the_last_bit(own):
    env = make(own)
    peers = [own() for _ in range(N)]
    seen, ends = env.reset(), 0
    for i, peer in enumerate(peers):
        put(peer, env, i)
    for action in actions(env, 90, seed=1):
        seen, reward, done, infos = env.step(action)
        for i, peer in enumerate(peers):
            want, gained, over, cut, _ = peer.step(action[i])
            assert np.array_equal(infos[i].get("terminal_observation", seen[i]), want)
            assert reward[i] == np.float32(gained)
            assert done[i] == (over or cut)
            if done[i]:
                ends += 1
                assert infos[i]["TimeLimit.truncated"] == (not over)
                peer.reset()
                put(peer, env, i)
    assert ends >= 2
    assert (env.rules._guess is None) == (own is Odd)


def test_an_episode_is_truncated_at_the_limit_with_its_last_observation():
    env = make("Reacher-v5")
    env.reset()
    total = np.zeros(N)
    for action in actions(env, 50):
        seen, reward, done, infos = env.step(action)
        total += reward
    assert done.all()
    for i, info in enumerate(infos):
        assert info["TimeLimit.truncated"]
        assert info["episode"] == {"r": pytest.approx(total[i], rel=1e-5), "l": 50, "whole": 50}
        assert not np.array_equal(info["terminal_observation"], seen[i])


@pytest.mark.parametrize("name", ["Ant-v5", "Swimmer-v5", "Reacher-v5"])
def test_a_robot_that_is_no_longer_finite_is_reset_alone_and_counted(name):
    env = make(name, robots=3)
    env.reset()
    chosen = actions(env, 12)
    env.step(chosen[0])
    env.simulation.batch.bind("qvel")[1] = [np.nan, 1e12][name == "Swimmer-v5"]
    seen, reward, done, infos = env.step(chosen[1])
    assert done.tolist() == [False, True, False]
    assert env.broken == 1
    assert not infos[1]["TimeLimit.truncated"]
    assert np.isfinite(infos[1]["terminal_observation"]).all()
    chosen[5, 2] = np.nan
    for action in chosen[2:]:
        seen, reward, done, _ = env.step(action)
        assert np.isfinite(seen).all()
        assert np.isfinite(reward).all()
    assert env.broken == 2


def test_what_cannot_be_batched_is_refused_with_a_sentence():
    with pytest.raises(TaskError, match="no Gymnasium environment 'Hoper-v5'"):
        make("Hoper-v5")
    with pytest.raises(TaskError, match="CartPole-v1 is not one of Gymnasium's MuJoCo"):
        make("CartPole-v1")
    with pytest.raises(TaskError, match="wrapped in RescaleAction, which a batch would leave out"):
        make(lambda: gymnasium.wrappers.RescaleAction(gymnasium.make("Hopper-v5"), -0.5, 0.5))
    with pytest.raises(ModelError, match=r"no parameter 'muss'; there are: .*strength"):
        make("Hopper-v5", Randomization(terms=(Term(parameter="muss", low=1.0, high=1.0),)))
    with pytest.raises(ModelError, match=r"term mass .* gives -1 to 1 x nominal; physical is"):
        make("Hopper-v5", Randomization(terms=(Term(parameter="mass", low=-1.0, high=1.0),)))
    late = make(Odd, Randomization(terms=(Term(parameter="command_delay", low=0.01, high=0.01),)))
    late.reset()
    with pytest.raises(ModelError, match="actions cannot be late in Odd"):
        late.step(actions(late, 1)[0])


def test_mujocos_clock_runs_again_after_the_batch():
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    data = mujoco.MjData(model)
    step = mujoco.mjtTimer.mjTIMER_STEP
    with untimed():
        mujoco.mj_step(model, data, 100)
        assert data.timer[step].duration == 0.0
    with pytest.raises(KeyError), untimed():
        _ = {}["on purpose"]
    mujoco.mj_step(model, data, 100)
    assert data.timer[step].duration > 0.0
    assert library() is library()
