"""Laws of the Gymnasium environment: both checkers are content, and a picture is a picture."""

import os
import subprocess
import sys
import warnings

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_baselines

from ashore.envs.errors import RenderError
from ashore.envs.gym_env import ENVIRONMENTS, RobotEnv, register_envs

pytestmark = pytest.mark.slow


@pytest.fixture(params=list(ENVIRONMENTS))
def env(request):
    made = gymnasium.make(f"ashore.envs.gym_ids:{request.param}")
    yield made
    made.close()


def test_gymnasiums_and_baselines_checkers_find_nothing(env):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)
        check_for_baselines(env.unwrapped, skip_render_check=True)


def test_an_episode_is_truncated_at_the_tasks_end(env):
    env.reset(seed=0)
    ends, n = (False, False), 0
    while not any(ends):
        *_, terminated, truncated, _ = env.step(np.zeros(env.action_space.shape, np.float32))
        ends, n = (terminated, truncated), n + 1
    assert ends == (False, True)
    assert n == env.unwrapped.robots.episode_ticks


def test_a_seed_reproduces_an_episode_and_the_next_one_differs(env):
    def episode(seed):
        first, _ = env.reset(seed=seed)
        return np.concatenate([first, *(env.step(env.action_space.low)[0] for _ in range(20))])

    assert np.array_equal(episode(5), episode(5))
    assert not np.array_equal(episode(None), episode(None))


def test_a_seed_at_construction_does_as_one_at_reset():
    one, other = RobotEnv(seed=7), RobotEnv()
    assert np.array_equal(one.reset()[0], other.reset(seed=7)[0])


def test_physics_that_is_not_finite_terminates_with_finite_numbers():
    env = RobotEnv(seed=0)
    env.reset()
    env.robots.simulation.batch.bind("qpos")[0] = np.nan
    still = np.zeros(env.action_space.shape, np.float32)
    observation, reward, terminated, truncated, _ = env.step(still)
    assert (terminated, truncated, reward) == (True, False, 0.0)
    assert np.isfinite(observation).all()
    assert np.isfinite(env.reset()[0]).all()


def test_registering_twice_does_no_harm():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_envs()
        register_envs()


@pytest.mark.slow
def test_a_robot_is_drawn_or_a_sentence_says_what_to_install():
    code = (
        "import gymnasium, numpy as np\n"
        "from ashore.envs.errors import RenderError\n"
        "env = gymnasium.make('ashore.envs.gym_ids:ashore/Servo-v0', render_mode='rgb_array')\n"
        "env.reset(seed=0)\n"
        "try:\n"
        "    first = env.render()\n"
        "except RenderError as error:\n"
        "    raise SystemExit(f'refused: {error}')\n"
        "for _ in range(60): env.step(env.action_space.high)\n"
        "second = env.render()\n"
        "assert first.shape == (480, 640, 3) and first.dtype == np.uint8\n"
        "assert first.std() > 5 and not np.array_equal(first, second)\n"
        "env.close()\n"
    )
    surroundings = {**os.environ, "MUJOCO_GL": "egl"}
    asked = [sys.executable, "-c", code]
    done = subprocess.run(asked, env=surroundings, capture_output=True, text=True, check=False)
    refused = "refused: cannot render: this machine gives no OpenGL context" in done.stderr
    assert done.returncode == 0 or refused, done.stderr


def test_a_machine_without_opengl_says_what_to_install(monkeypatch):
    def fail(*_):
        raise mujoco.FatalError("an OpenGL platform library has not been loaded")

    monkeypatch.setattr(mujoco, "Renderer", fail)
    env = RobotEnv(render_mode="rgb_array", seed=0)
    env.reset()
    with pytest.raises(RenderError, match=r"set MUJOCO_GL=egl \(Debian: libegl1\)"):
        env.render()


def test_without_a_render_mode_there_is_no_picture():
    assert RobotEnv().render() is None
