"""`RobotEnv`: one simulated robot at a task, as Gymnasium knows it."""

from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.offscreen import make_renderer
from ashore.envs.physics.robot_model import build_model
from ashore.envs.randomize.randomization import Randomization, Source
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

Observation = NDArray[np.float32]
Action = NDArray[np.float32]

ENVIRONMENTS = {
    "ashore/Servo-v0": {"robot": "servo", "task": "track"},
    "ashore/ServoSwingUp-v0": {"robot": "servo", "task": "swing_up"},
    "ashore/Arm-v0": {"robot": "arm", "task": "reach"},
    "ashore/Quadruped-v0": {"robot": "quadruped", "task": "walk"},
}
"""Gymnasium ids, and the robot and task that each stands for."""

METADATA: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 50}
"""What Gymnasium asks of every environment; the frame rate is each robot's own."""


class RobotEnv(gymnasium.Env[Observation, Action]):
    """One robot of the vector environment, under Gymnasium's rules.

    Each reset draws a new robot from `source`, a new plan and a new start. An episode is truncated
    at the task's end; it terminates if the task is failed or the physics is no longer finite.
    Observations are the contract's before any normaliser, each within its term's clip.
    """

    metadata = METADATA

    def __init__(
        self,
        robot: str = "servo",
        task: str = "track",
        source: Source | None = None,
        seed: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Build a shipped robot, or one from a folder, for a task of `ashore.envs.tasks`.

        Args:
            robot: name of a shipped robot, or a folder that holds `spec.toml`.
            task: name of the task.
            source: where robots are drawn from; the ranges of pretraining when absent.
            seed: of every draw; `reset(seed=...)` sets it anew.
            render_mode: `rgb_array` or None.

        Raises:
            SpecError: no such robot.
            TaskError: no such task.
        """
        self.robot_spec = RobotSpec.load(robot)
        job = make_task(task, self.robot_spec)
        contract = job.contract(self.robot_spec)
        self.robots = SimulationVecEnv(
            self.robot_spec,
            job,
            contract,
            source or Randomization.load(robot),
            EnvConfig(robots=1, stagger=False, seed=_drawn(seed)),
        )
        clip = [term.clip for term in contract.all_terms for _ in range(term.width)]
        bound = np.array(clip, dtype=np.float32)
        self.observation_space = gymnasium.spaces.Box(-bound, bound)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (contract.action_size,), np.float32)
        self.render_mode = render_mode
        self.metadata = {**METADATA, "render_fps": round(self.robot_spec.rate)}
        self._seen: mujoco.MjModel | None = None
        self._renderer: mujoco.Renderer | None = None
        super().reset(seed=seed)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode with a newly drawn robot; `options` are not used."""
        super().reset(seed=seed)
        if seed is not None:
            self.robots.seed(seed)
        return self.robots.reset()[0], {}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Advance one control period."""
        observation, reward, ended = self.robots.advance(np.asarray(action)[None])
        broken = bool(self.robots.simulation.broken[0]) or not np.isfinite(observation).all()
        over = bool(self.robots.ticks[0] >= self.robots.episode_ticks)
        if broken:
            return np.nan_to_num(observation[0]), 0.0, True, False, {}
        return observation[0], float(reward[0]), bool(ended[0]), over, {}

    def render(self) -> NDArray[np.uint8] | None:
        """Picture `(480, 640, 3)` from the MJCF's first camera; None without a render mode.

        Raises:
            RenderError: this machine gives no OpenGL context.
        """
        if self.render_mode is None:
            return None
        simulation = self.robots.simulation
        if self._seen is None:
            backlash = simulation.config.backlash
            self._seen = build_model(self.robot_spec, backlash=backlash, visuals=True)
        data = mujoco.MjData(self._seen)
        data.qpos[:] = simulation.batch.bind("qpos")[0]
        mujoco.mj_forward(self._seen, data)
        self._renderer = self._renderer or make_renderer(self._seen, 480, 640)
        self._renderer.update_scene(data, camera=0 if self._seen.ncam else -1)
        return np.asarray(self._renderer.render(), dtype=np.uint8)

    def close(self) -> None:
        """Let go of the OpenGL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def register_envs() -> None:
    """Make `gymnasium.make` know the ids of `ENVIRONMENTS`; more than one call does no harm."""
    for name, parts in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point="ashore.envs.gym_env:RobotEnv", kwargs=parts)


def _drawn(seed: int | None) -> int:
    """A seed: the one given, or one from the system's entropy."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) if seed is None else seed
