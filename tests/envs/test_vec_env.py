"""Laws of the vector environment: Stable-Baselines3's rules, and no robot harms another."""

import numpy as np
import pytest

from ashore.envs.batch_vec_env import PHASES
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.contract import Memory
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
N = 6

QUIET = Randomization(
    terms=tuple(Term(parameter=f"{what}_noise", low=0, high=0) for what in ("position", "velocity"))
)


def make(seed=0, task="track", source=None, **config):
    job = make_task(task, SPEC)
    parts = {"robots": N, "seed": seed, "stagger": False, **config}
    source = source or Randomization.load("servo")
    return SimulationVecEnv(SPEC, job, job.contract(SPEC), source, EnvConfig(**parts))


def actions(seed, ticks, n=N):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (ticks, n, 1)).astype(np.float32)


def run(env, chosen):
    """Observations and rewards of every tick, flat."""
    seen = [env.reset()]
    for action in chosen:
        observation, reward, *_ = env.step(action)
        seen += [observation, reward[:, None]]
    return np.concatenate([part.ravel() for part in seen])


def test_it_speaks_as_stable_baselines_expects():
    env = make()
    assert env.reset().shape == (N, *env.observation_space.shape)
    observation, reward, done, infos = env.step(actions(0, 1)[0])
    assert observation.dtype == env.observation_space.dtype == np.float32
    assert reward.dtype == np.float32
    assert (observation.shape[0], *reward.shape, *done.shape, len(infos)) == (N, N, N, N)
    assert env.get_attr("episode_ticks", [0, 2]) == [500, 500]
    assert env.env_is_wrapped(object) == [False] * N


def test_an_episode_is_truncated_with_its_last_observation():
    env = make()
    env.reset()
    env.ticks[:] = env.episode_ticks - 2
    chosen = actions(1, 2)
    _, _, done, _ = env.step(chosen[0])
    assert not done.any()
    twin = make()
    twin.reset()
    twin.ticks[:] = twin.episode_ticks - 2
    twin.advance(chosen[0])
    last, _, _ = twin.advance(chosen[1])
    observation, _, done, infos = env.step(chosen[1])
    assert done.all()
    for i, info in enumerate(infos):
        assert info["TimeLimit.truncated"]
        assert np.array_equal(info["terminal_observation"], last[i])
        assert not np.array_equal(info["terminal_observation"], observation[i])
        # Two steps were taken, however late in its time the episode began.
        assert info["episode"]["l"] == 2
    assert (env.ticks == 0).all()


def test_the_return_is_the_sum_of_the_rewards():
    env = make()
    env.reset()
    env.ticks[:] = env.episode_ticks - 5
    rewards = []
    for action in actions(2, 5):
        _, reward, _, infos = env.step(action)
        rewards.append(reward)
    returns = [info["episode"]["r"] for info in infos]
    assert returns == pytest.approx(np.sum(rewards, axis=0), rel=1e-5)


@pytest.mark.parametrize("task", ["track", "swing_up"])
def test_the_first_observation_after_a_reset_has_no_past(task):
    env = make(task=task, source=QUIET)
    env.reset()
    env.ticks[2] = env.episode_ticks - 1
    for action in actions(3, 1):
        observation, _, done, _ = env.step(action)
    assert done.tolist() == [i == 2 for i in range(N)]
    fresh = env.contract.observe(env.signals(), Memory(env.contract, N))
    assert np.array_equal(observation[2], fresh[2])
    assert not np.array_equal(observation[1], fresh[1])


def test_a_robot_that_ends_alone_leaves_the_others_their_bits():
    one, other = make(), make()
    one.reset()
    other.reset()
    other.ticks[3] = other.episode_ticks - 4
    rest = [i for i in range(N) if i != 3]
    for action in actions(4, 10):
        a, b = one.step(action), other.step(action)
        assert a[0][rest].tobytes() == b[0][rest].tobytes()
        assert a[1][rest].tobytes() == b[1][rest].tobytes()


@pytest.mark.parametrize(
    ("field", "value"), [("qpos", np.nan), ("qvel", np.nan), ("qvel", 1e7), ("qpos", np.inf)]
)
def test_a_robot_that_explodes_is_reset_alone_and_counted(field, value):
    env = make()
    env.reset()
    chosen = actions(5, 20)
    env.step(chosen[0])
    env.simulation.batch.bind(field)[4] = value
    observation, reward, done, infos = env.step(chosen[1])
    assert done.tolist() == [i == 4 for i in range(N)]
    assert env.broken == 1
    assert not infos[4]["TimeLimit.truncated"]
    assert np.isfinite(infos[4]["terminal_observation"]).all()
    assert np.isfinite(observation).all()
    assert np.isfinite(reward).all()
    for action in chosen[2:]:
        observation, reward, done, _ = env.step(action)
        assert np.isfinite(observation).all()
        assert np.isfinite(reward).all()
        assert not done.any()
    assert env.broken == 1


def test_actions_that_are_no_numbers_break_their_own_robot_only():
    env = make()
    env.reset()
    wrong = actions(6, 3)
    wrong[0, 1] = np.nan
    for action in wrong:
        observation, reward, _, _ = env.step(action)
        assert np.isfinite(observation).all()
        assert np.isfinite(reward).all()
    assert env.broken == 1


def test_a_seed_reproduces_every_bit_and_another_does_not():
    chosen = actions(7, 30)
    first = run(make(seed=3), chosen)
    assert run(make(seed=3), chosen).tobytes() == first.tobytes()
    assert run(make(seed=4), chosen).tobytes() != first.tobytes()


def test_seeding_anew_begins_the_same_draws_again():
    env, chosen = make(), actions(8, 30)
    env.seed(9)
    first = run(env, chosen)
    env.seed(9)
    assert run(env, chosen).tobytes() == first.tobytes()


def test_first_episodes_are_staggered_when_asked():
    env = make(robots=100, stagger=True)
    env.reset()
    times = sorted(set(env.ticks.tolist()))
    assert 25 < len(times) <= PHASES
    assert times[0] < 0.1 * env.episode_ticks
    assert times[-1] > 0.85 * env.episode_ticks


def test_an_action_beyond_one_counts_as_one():
    one, other = make(), make()
    chosen = actions(9, 5)
    wide = run(one, np.sign(chosen) * 7.0)
    assert wide.tobytes() == run(other, np.sign(chosen)).tobytes()
