"""`OwnRules`: any Gymnasium MuJoCo environment by its own code, robot by robot."""

from typing import Any

import mujoco
import numpy as np
from mujoco.batch import SimulationError
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.gym.gymnasium_rules import EVERYONE, Judgement, Rows
from ashore.envs.gym.gymnasium_template import Template
from ashore.envs.gym.gymnasium_world import GymnasiumWorld, make_batch
from ashore.envs.physics.engine import untimed

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_WHOLE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_SEEDS = 2**31 - 1


class _Diverged(Exception):
    """The physics of one robot is no longer finite; its environment need not see that."""


class OwnRules:
    """Each robot is an environment of its own whose simulation is a row of the batch.

    Its `step` runs as it was written. Where it asks MuJoCo to simulate, it finds that done already:
    the whole batch was stepped at once, on the guess that the action is the control and that
    nothing else was changed. Where the guess was wrong, the robot is put back and stepped alone, so
    that every subclass gets exactly what it asked for; where it is always wrong, nothing is
    guessed any more.
    """

    def __init__(self, template: Template, threads: int, dice: Dice) -> None:
        """Make an environment for each stream of `dice`, which its wire draws from."""
        n = len(dice)
        batch = make_batch(template, n, threads, whole=True, forces=False)
        self.world = GymnasiumWorld(template, batch, dice)
        self.envs = [template.make() for _ in range(n)]
        for robot, env in enumerate(self.envs):
            env._step_mujoco_simulation = _Simulating(self, robot)
        self._name = template.name
        self._seen = np.zeros((n, *template.env.observation_space.shape))
        self._infos: list[dict[str, Any]] = [{} for _ in range(n)]
        self._before = batch.state.copy()
        self._guess: Array | None = np.zeros((n, batch.model.nu))
        self._tried = np.zeros(n, dtype=np.bool_)
        self._asked = np.zeros(batch.nstate)
        self._broken = np.zeros(n, dtype=np.bool_)
        self._right = 0

    def begin(self, ids: Ids, dice: Dice) -> None:
        """Let each environment reset itself, under a seed drawn for it."""
        self._refresh_models()
        for robot, seed in zip(ids, dice.below(_SEEDS)[:, 0], strict=True):
            env = self.envs[robot]
            self._seen[robot], self._infos[robot] = env.reset(seed=int(seed))
            mujoco.mj_getState(env.model, env.data, self.world.batch.state[robot], _WHOLE)
        self.world.begin(ids)

    def _refresh_models(self) -> None:
        for robot in np.flatnonzero(self.world.altered):
            self.world.batch.get_model(int(robot), self.envs[robot].model)
        self.world.altered[:] = False

    def step(self, action: NDArray[Any]) -> Judgement:
        """Step the batch at once, and let each environment make of it what it does."""
        n, state = self.world.n, self.world.batch.state
        reward, ended, truncated = np.zeros(n), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        self._refresh_models()
        self._before[:] = state
        self._tried[:] = False
        self._right = 0
        if self._guess is not None:
            self._guess[:] = action
            self.world.step(self._guess)
            self._broken = self.world.broken
        for robot, env in enumerate(self.envs):
            mujoco.mj_setState(env.model, env.data, self._before[robot], _WHOLE)
            try:
                told = env.step(action[robot])
            except _Diverged:
                continue
            self._seen[robot], reward[robot], ended[robot], truncated[robot] = told[:4]
            self._infos[robot] = told[4]
            mujoco.mj_getState(env.model, env.data, state[robot], _WHOLE)
        if not self._right:
            self._guess = None
        return Judgement(reward=reward, ended=ended, truncated=truncated)

    def simulate(self, robot: int, control: Array, frames: int) -> None:
        """Fill an environment's data with what `frames` physics steps under `control` bring."""
        env, batch = self.envs[robot], self.world.batch
        asked = self._asked
        mujoco.mj_getState(env.model, env.data, asked, _WHOLE)
        if self._was_guessed(robot, asked, control, frames):
            self._right += 1
            broken = self._broken[robot]
        else:
            self._step_alone(robot, asked, control, frames)
            broken = self.world.is_broken(robot)
        self._tried[robot] = True
        if broken:
            raise _Diverged
        batch.get_data(robot, env.data)
        mujoco.mj_rnePostConstraint(env.model, env.data)

    def _was_guessed(self, robot: int, asked: Array, control: Array, frames: int) -> bool:
        if self._guess is None or self._tried[robot] or frames != self.world.frame_skip:
            return False
        if self._guess[robot].tobytes() != control.tobytes():
            return False
        return bool(self._before[robot].tobytes() == asked.tobytes())

    def _step_alone(self, robot: int, asked: Array, control: Array, frames: int) -> None:
        if self.world.wire.late_commands:
            raise ModelError(
                f"actions cannot be late in {self._name}: its own code makes controls of them, or "
                "simulates more than once a step; leave out command_delay and command_jitter"
            )
        self.world.batch.state[robot] = asked
        self.world.ctrl[robot] = control
        self.world.failed[robot] = False
        try:
            with untimed():
                self.world.batch.step(np.array([robot]), nstep=frames)
        except SimulationError:
            self.world.failed[robot] = True

    def observe(self, rows: Rows = EVERYONE) -> Array:
        """What each environment said that it sees, `(m, k)`."""
        return np.array(self._seen[rows])

    def info(self, robot: int) -> dict[str, Any]:
        """What the environment of a robot said beside."""
        return dict(self._infos[robot])


class _Simulating:
    """Stands for an environment's `_step_mujoco_simulation`."""

    def __init__(self, rules: OwnRules, robot: int) -> None:
        self.rules, self.robot = rules, robot

    def __call__(self, ctrl: Any, n_frames: int) -> None:
        """Simulate one robot."""
        self.rules.simulate(self.robot, np.asarray(ctrl, dtype=np.float64), n_frames)
