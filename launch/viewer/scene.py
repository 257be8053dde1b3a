"""`Scene`: the robots of logs in MuJoCo's web viewer, at the time that the page shows."""

import time
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from mujoco.studio import messages
from numpy.typing import NDArray

from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.robot_model import build_model, joint_addresses
from ashore.envs.physics.rotation import upright
from ashore.envs.physics.standing import Footing
from ashore.envs.play.marks import ghost
from ashore.launch.viewer.shown_log import ShownLog
from ashore.launch.web_viewer import open_viewer

Array = NDArray[np.float64]

OTHERS = (
    np.array([0.82, 0.38, 0.24, 0.45]),
    np.array([0.20, 0.62, 0.28, 0.45]),
    np.array([0.55, 0.35, 0.75, 0.45]),
)
"""Colours of the robots of further logs."""
SIMULATED = np.array([0.12, 0.44, 0.92, 0.30])
"""Colour of the last simulator's robot."""
NEAR = 1.2
"""Distance of the camera from a free base, in extents of the model."""
REST = 0.02
"""Time between two looks at whether anything changed [s]."""


class Scene:
    """The first log's robot as it was, and beside it as ghosts the simulated one and other logs'.

    Where a free base is, nobody measured: it stands where it is, turned as its sensor feels gravity
    and with its lowest foot on the floor.
    """

    def __init__(self, logs: Sequence[ShownLog]) -> None:
        """Build what is seen; all logs are of the first one's robot."""
        self.logs, spec = logs, logs[0].spec
        if spec is None:
            raise ValueError("a scene needs a robot")
        self.time, self._shown = 0.0, (np.nan, 0)
        self.model = build_model(spec, visuals=True)
        self._angles, _ = joint_addresses(self.model, spec.names)
        free = free_joint(self.model)
        self._base = None if free is None else int(self.model.jnt_qposadr[free])
        self._footing = Footing.of(self.model)
        self._other = mujoco.MjData(self.model)

    def serve(self, viewer: Any) -> None:
        """Keep the viewer at the page's time, until Ctrl-C."""
        self.pose(viewer.data, 0)
        self._aim(viewer.camera, viewer.data)
        while True:
            if viewer.prepare_next_frame():
                viewer.dispatch(messages.UpdateEvent())
                now = (self.time, self.logs[0].replays)
                if now != self._shown:
                    self.pose(viewer.data, 0)
                    viewer.extra_geoms[:] = self.ghosts()
                    self._shown = now
                viewer.sync()
            time.sleep(REST)

    def _aim(self, camera: mujoco.MjvCamera, data: mujoco.MjData) -> None:
        """Let a camera look at the robot; at one with a free base from nearby."""
        mujoco.mjv_defaultFreeCamera(self.model, camera)
        if self._base is not None:
            camera.lookat[:] = data.qpos[self._base : self._base + 3]
            camera.distance = NEAR * self.model.stat.extent

    def pose(self, data: mujoco.MjData, log: int) -> bool:
        """Put `data` where a log's robot was; whether it says so."""
        found = self.logs[log].pose(self.time)
        if found is None:
            return False
        self._put(data, found["position"], found.get("gravity"))
        return True

    def ghosts(self) -> list[mujoco.MjvGeom]:
        """The simulated robot and those of other logs, as they are at this time."""
        found = []
        if (simulated := self._simulated()) is not None:
            self._put(self._other, *simulated)
            found += ghost(self.model, self._other, SIMULATED)
        for log, colour in zip(range(1, len(self.logs)), OTHERS, strict=False):
            if self.pose(self._other, log):
                found += ghost(self.model, self._other, colour)
        return found

    def _simulated(self) -> tuple[Array, Array | None] | None:
        """Angles and gravity of the last simulator, if this moment was replayed already."""
        series = self.logs[0].known(self.time)
        if series is None:
            return None
        row = int(np.argmin(np.abs(series.time - self.time)))
        gravity = series.predicted.get("imu_gravity")
        down = None if gravity is None else gravity[-1, row]
        return series.predicted["joint_position"][-1, row], down

    def _put(self, data: mujoco.MjData, position: Array, gravity: Array | None) -> None:
        mujoco.mj_resetDataKeyframe(self.model, data, 0) if self.model.nkey else (
            mujoco.mj_resetData(self.model, data)
        )
        data.qpos[self._angles] = position
        if self._base is not None and gravity is not None:
            data.qpos[self._base + 3 : self._base + 7] = upright(gravity[None])[0]
        if self._footing is not None:
            self._footing.set_down(data, level=gravity is None)
        mujoco.mj_forward(self.model, data)


def open_scene(logs: Sequence[ShownLog], title: str) -> tuple[Scene, Any, int]:
    """A scene of logs, its viewer, and the port that this serves on.

    Raises:
        PlayError: no port is free.
    """
    scene = Scene(logs)
    viewer, port = open_viewer(scene.model, title, browser=False)
    return scene, viewer, port
