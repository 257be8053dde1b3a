"""`Template`: a Gymnasium MuJoCo environment as its own code made it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
from gymnasium.error import Error as GymnasiumError
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from ashore.envs.errors import TaskError

Make = Callable[[], Any]

NO_LIMIT = 1000
"""Steps of an episode in an environment that was registered without a limit."""

_PLAIN = (TimeLimit, OrderEnforcing, PassiveEnvChecker)
_ID = re.compile(r"(?:[\w.]+:)?(?:[\w-]+/)?[\w.-]+-v\d+")


def is_gymnasium_id(name: str) -> bool:
    """Whether `name` reads as Gymnasium's ids do: `Hopper-v5`, `module:Mine-v0`."""
    return _ID.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class Template:
    """What many robots of one environment have in common."""

    name: str
    """Its id, or the name of its class."""
    make: Make
    """Makes another one, without wrappers."""
    env: Any
    """One of them, a `MujocoEnv`."""
    limit: int
    """Steps after which an episode is truncated."""

    @classmethod
    def of(cls, environment: str | Make, arguments: Mapping[str, Any] | None = None) -> "Template":
        """Make the environment, and see that it is one that can be stepped in a batch.

        Args:
            environment: Gymnasium's id, or what makes an environment: a class, a function.
            arguments: keyword arguments for it.

        Raises:
            TaskError: there is no such environment, it isn't one of MuJoCo's, or it is wrapped in
                something that would be left out.
        """
        given = dict(arguments or {})

        def wrapped() -> Any:
            if isinstance(environment, str):
                return gymnasium.make(environment, disable_env_checker=True, **given)
            return environment(**given)

        try:
            env = wrapped()
        except GymnasiumError as error:
            raise TaskError(f"no Gymnasium environment {environment!r}: {error}") from None
        except ModuleNotFoundError as error:
            raise TaskError(
                f"{environment} needs what cannot be imported here: {error}; put its folder on "
                "PYTHONPATH, or install it (what Gymnasium's own need comes with "
                "pip install 'gymnasium[mujoco]')"
            ) from None
        limit = _require_plain(env)
        name = environment if isinstance(environment, str) else type(env.unwrapped).__name__
        _require_mujoco(env.unwrapped, name)
        return cls(name=name, make=lambda: wrapped().unwrapped, env=env.unwrapped, limit=limit)


def _require_plain(env: Any) -> int:
    """See that no wrapper changes what the environment does; return its step limit."""
    limit = env.spec.max_episode_steps if env.spec is not None else None
    while env is not env.unwrapped:
        if not isinstance(env, _PLAIN):
            raise TaskError(
                f"{env.unwrapped} is wrapped in {type(env).__name__}, which a batch would leave "
                "out; give the environment itself, and put what the wrapper does into its class"
            )
        if isinstance(env, TimeLimit):
            limit = env._max_episode_steps
        env = env.env
    return int(limit or NO_LIMIT)


def _require_mujoco(env: Any, name: str) -> None:
    from gymnasium.envs.mujoco import MujocoEnv

    if not isinstance(env, MujocoEnv):
        raise TaskError(
            f"{name} is not one of Gymnasium's MuJoCo environments (a subclass of "
            "gymnasium.envs.mujoco.MujocoEnv), so it has no model to step in a batch"
        )
    for what in ("observation_space", "action_space"):
        space = getattr(env, what)
        if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) != 1:
            raise TaskError(f"{what} of {name} is {space}; a batch takes a Box of one dimension")
