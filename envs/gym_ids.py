"""Importing this module registers the Gymnasium ids, for `make("ashore.envs.gym_ids:ID")`.

Gymnasium knows no plugins since its version 1.0: something must be imported, and this is it.
"""

from ashore.envs.gym_env import register_envs

register_envs()
