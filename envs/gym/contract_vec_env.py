"""`ContractVecEnv`: a Gymnasium environment as a contract shows it to a policy."""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from ashore.envs.errors import TaskError
from ashore.envs.gym.gymnasium_env import GymnasiumVecEnv
from ashore.hardware.contract import ActionTerm, Contract, Memory, ObservationTerm

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SEEN, MIDDLE = "observation", "middle"
_CLIP = 1e6
"""Magnitude past which a number of an observation says no more."""


def gymnasium_contract(robots: GymnasiumVecEnv) -> Contract:
    """Return a contract whose actions, -1..1, span the environment's.

    Its one signal is the environment's whole observation.

    Raises:
        TaskError: an action that is unbounded, or can take one value only.
    """
    model, env = robots.simulation.batch.model, robots.template.env
    low, high = (
        np.asarray(end, np.float64) for end in (env.action_space.low, env.action_space.high)
    )
    if not (np.isfinite(low) & np.isfinite(high) & (low < high)).all():
        raise TaskError(
            f"actions of {robots.template.name} go from {low.tolist()} to {high.tolist()}; a "
            "policy needs ends that are finite and apart: give its actuators a ctrlrange"
        )
    names = tuple(model.actuator(i).name or f"actuator{i}" for i in range(model.nu))
    if len(names) != len(low):
        names = tuple(f"action{i}" for i in range(len(low)))
    return Contract(
        robot=robots.template.name,
        joints=names,
        task="gymnasium",
        rate=1.0 / robots.simulation.period,
        terms=(ObservationTerm(signal=SEEN, size=env.observation_space.shape[0], clip=_CLIP),),
        action=ActionTerm(
            base=MIDDLE,
            scale=tuple(((high - low) / 2.0).tolist()),
            lower=tuple(low.tolist()),
            upper=tuple(high.tolist()),
        ),
    )


class ContractVecEnv(VecEnvWrapper):
    """Robots of a Gymnasium environment, seen and commanded through a contract.

    What trains here is what a bundle holds: observations normalised to float32, actions -1..1.
    Rewards are multiplied by `scale`; returns in `infos` are the environment's own.
    """

    def __init__(self, robots: GymnasiumVecEnv, contract: Contract, scale: float = 1.0) -> None:
        self.robots, self.contract, self.scale = robots, contract, scale
        size, actions = contract.observation_size, contract.action_size
        super().__init__(
            robots,
            gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32),
            gymnasium.spaces.Box(-1.0, 1.0, (actions,), np.float32),
        )
        middle = (np.array(contract.action.lower) + np.array(contract.action.upper)) / 2.0
        self._base = {MIDDLE: np.tile(middle, (robots.num_envs, 1))}

    def see(self, observation: Array) -> NDArray[np.float32]:
        """The environment's observations `(n, k)` as the policy gets them."""
        memory = Memory(self.contract, len(observation))
        return self.contract.observe({SEEN: observation}, memory)

    def reset(self) -> NDArray[np.float32]:
        """Begin an episode on every robot and return the observations."""
        return self.see(self.robots.reset())

    def step_async(self, actions: NDArray[Any]) -> None:
        """Give the actions, -1..1, for `step_wait`."""
        self.robots.step_async(self.contract.act(actions, self._base))

    def step_wait(self) -> VecEnvStepReturn:
        """Advance every robot by one control period; begin anew where an episode ended."""
        observation, reward, done, infos = self.robots.step_wait()
        for i in np.flatnonzero(done).tolist():
            last = infos[i]["terminal_observation"]
            infos[i]["terminal_observation"] = self.see(last[None])[0]
        return self.see(np.asarray(observation)), self.scale * reward, done, infos

    def damaged(self) -> Mask:
        """Robots whose physics is no longer finite."""
        return self.robots.damaged()

    def advance(self, actions: NDArray[Any]) -> tuple[NDArray[np.float32], Array, Mask]:
        """One control period on every robot, without beginning any anew; rewards are unscaled."""
        observation, reward, ended = self.robots.advance(self.contract.act(actions, self._base))
        return self.see(observation), reward, ended
