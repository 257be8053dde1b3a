"""`Stage`: a player's robot as people see it, the camera on it, and what is drawn over it."""

import math

import mujoco
import numpy as np

from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.robot_model import build_model, joint_addresses
from ashore.envs.play.marks import arrow, ghost
from ashore.envs.play.player import Player
from ashore.envs.tasks.task import Array

ASKED = np.array([0.13, 0.42, 0.95, 1.0])
"""Colour of what is asked for."""
FOUND = np.array([0.10, 0.62, 0.28, 1.0])
"""Colour of what the robot does."""
PUSH = np.array([0.85, 0.15, 0.15, 1.0])
"""Colour of a push."""
GHOST = np.array([0.13, 0.42, 0.95, 0.2])
"""Colour of the pose that is asked for."""
METRES = 0.6
"""Length of an arrow for a metre a second [m]."""
BEHIND, DOWN, AWAY = 30.0, -20.0, 1.8
"""Where the camera on a walking robot is: degrees aside of looking along, degrees of looking down,
and its distance in extents of the robot."""
POSES, ROOM = 64, 1.45
"""Poses of a bolted robot that the camera is placed to see, and the room about them all."""


class Stage:
    """The MJCF with all that is only looked at; what moves it is the player's own simulation."""

    def __init__(self, player: Player) -> None:
        """Build the model that is seen."""
        self.player = player
        simulation = player.env.simulation
        backlash = simulation.config.backlash
        self.model = build_model(player.cast.spec, backlash=backlash, visuals=True)
        self._ghost = mujoco.MjData(self.model)
        self._angles, _ = joint_addresses(self.model, player.cast.spec.names)
        joint = free_joint(self.model)
        self.base = None if joint is None else int(self.model.jnt_bodyid[joint])

    def pose(self, data: mujoco.MjData) -> None:
        """Put `data` where the player's robot is."""
        data.qpos[:] = self.player.qpos
        data.qvel[:] = self.player.qvel
        data.time = self.player.clock
        mujoco.mj_forward(self.model, data)

    def heading(self, data: mujoco.MjData) -> float:
        """Where a free base looks, about the vertical [rad]; zero for one that is bolted down."""
        if self.base is None:
            return 0.0
        return float(math.atan2(data.xmat[self.base][3], data.xmat[self.base][0]))

    def aim(self, camera: mujoco.MjvCamera, data: mujoco.MjData, aside: float = BEHIND) -> None:
        """Let a camera follow a robot that walks, or look at one that stands as its MJCF says.

        Args:
            camera: is changed.
            data: where the robot is.
            aside: degrees between the directions in which camera and robot look.
        """
        if self.base is not None:
            camera.type = mujoco.mjtCamera.mjCAMERA_TRACKING
            camera.trackbodyid = self.base
            camera.azimuth = math.degrees(self.heading(data)) + aside
            camera.elevation, camera.distance = DOWN, AWAY * self.model.stat.extent
            camera.lookat[:] = data.subtree_com[self.base]
            return
        mujoco.mjv_defaultFreeCamera(self.model, camera)
        low, high = self._swept(data)
        camera.lookat[:] = 0.5 * (low + high)
        half = 0.5 * float(np.max(high - low))
        camera.distance = ROOM * half / math.tan(math.radians(0.5 * self.model.vis.global_.fovy))
        if self.model.ncam:
            look = -data.cam_xmat[0].reshape(3, 3)[:, 2]
            camera.azimuth = math.degrees(math.atan2(look[1], look[0]))
            camera.elevation = math.degrees(math.asin(look[2]))

    def _swept(self, data: mujoco.MjData) -> tuple[Array, Array]:
        """Corners of the room that a robot takes in all of its poses, each `(3,)` [m]."""
        low, high = (self.player.cast.spec.column(name) for name in ("lower", "upper"))
        parts = self.model.geom_bodyid > 0
        places, rng = [data.geom_xpos[parts].copy()], np.random.default_rng(0)
        for unit in rng.uniform(size=(POSES, len(low))):
            self._ghost.qpos[:] = data.qpos
            self._ghost.qpos[self._angles] = low + (high - low) * unit
            mujoco.mj_kinematics(self.model, self._ghost)
            places.append(self._ghost.geom_xpos[parts].copy())
        every, round_it = np.array(places), self.model.geom_rbound[parts][:, None]
        return (every - round_it).min(axis=(0, 1)), (every + round_it).max(axis=(0, 1))

    def marks(self, data: mujoco.MjData) -> list[mujoco.MjvGeom]:
        """What is asked for and what is done, drawn over the robot that `data` poses."""
        signals = self.player.signals()
        marks = self._push_mark(data)
        if "command" in signals:
            return marks + self._velocities(data, signals["command"][0])
        if "tip" in signals:
            return marks + self._asked_pose(data, signals["reference"][0])
        if "target" in signals:
            return marks + self._asked_pose(data, signals["target"][0])
        return marks

    def _velocities(self, data: mujoco.MjData, command: Array) -> list[mujoco.MjvGeom]:
        """Arrows over the trunk: the commanded velocity above the measured one."""
        heading, extent = self.heading(data), float(self.model.stat.extent)
        ahead = np.array([math.cos(heading), math.sin(heading), 0.0])
        aside = np.array([-ahead[1], ahead[0], 0.0])
        found = [gauge.found for gauge in self.player.gauges.rows[:2]]
        marks = []
        for velocity, height, colour in ((command, 0.25, ASKED), (found, 0.21, FOUND)):
            if len(velocity) and np.hypot(*velocity[:2]) > 0.02:
                over = data.xpos[self.player.pushed_body] + np.array([0.0, 0.0, height * extent])
                along = METRES * (velocity[0] * ahead + velocity[1] * aside)
                marks.append(arrow(over, along, 0.015 * extent, colour))
        return marks

    def _asked_pose(self, data: mujoco.MjData, angles: Array) -> list[mujoco.MjvGeom]:
        self._ghost.qpos[:] = data.qpos
        self._ghost.qpos[self._angles] = angles
        mujoco.mj_kinematics(self.model, self._ghost)
        return ghost(self.model, self._ghost, GHOST)

    def _push_mark(self, data: mujoco.MjData) -> list[mujoco.MjvGeom]:
        force = self.player.push_force
        if not force.any():
            return []
        extent = float(self.model.stat.extent)
        along = 0.5 * extent * force / np.linalg.norm(force)
        target = np.array(data.xipos[self.player.pushed_body])
        return [arrow(target - along, along, 0.03 * extent, PUSH)]
