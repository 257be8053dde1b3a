"""Gymnasium's robots in a batch, for tests."""

import mujoco
import numpy as np

from ashore.envs.gym.gymnasium_env import NOMINAL, GymnasiumConfig, GymnasiumVecEnv

N = 2


def make(environment, source=NOMINAL, **config):
    parts = {"robots": N, "threads": 2, "infos": True, **config}
    return GymnasiumVecEnv(environment, source, GymnasiumConfig(**parts))


def actions(env, steps, seed=0):
    space = env.action_space
    size = (steps, env.num_envs, *space.shape)
    # Some are beyond the limits: they count in costs as they are, and are clipped by MuJoCo alone.
    return np.random.default_rng(seed).uniform(1.2 * space.low, 1.2 * space.high, size).astype("f4")


def put(peer, env, robot):
    """Begin an episode of Gymnasium's where a robot of the batch has begun."""
    mujoco.mj_resetData(peer.model, peer.data)
    peer.set_state(env.simulation.qpos[robot].copy(), env.simulation.qvel[robot].copy())
    return peer._get_obs()
