"""The page of a played policy: MuJoCo's web viewer, moved by the player's own simulation."""

import time
from collections.abc import Callable
from typing import Any

from mujoco.studio import messages

from ashore.envs.play.stage import Stage
from ashore.launch.pace import Pace
from ashore.launch.play_controls import Controls
from ashore.launch.play_panel import Panel
from ashore.launch.web_viewer import open_viewer


def serve_page(stage: Stage, panel: Panel, port: int, announce: Callable[[int], None]) -> None:
    """Show a player in real time, and let whoever looks at the page drive it, until Ctrl-C.

    Args:
        stage: the robot as it is seen.
        panel: what is beside it, with the controls.
        port: of the page; 0 for the first free one from 8080 on.
        announce: called once with the page's port.

    Raises:
        PlayError: the port is taken.
    """
    viewer, port = open_viewer(stage.model, panel.title, port)
    try:
        announce(port)
        _show(viewer, stage, panel)
    finally:
        viewer.close()


def _show(viewer: Any, stage: Stage, panel: Panel) -> None:
    controls: Controls = panel.controls
    stage.pose(viewer.data)
    stage.aim(viewer.camera, viewer.data)
    pace = Pace(controls.player.period, time.monotonic())
    while True:
        watched = viewer.prepare_next_frame()
        if watched:
            panel.read_keys()
        else:
            controls.let_go(panel.held())
        # Time begins when the page is first seen, so that nobody misses a script's beginning.
        for _ in range(pace.due(time.monotonic(), controls.paused or not panel.seen)):
            controls.step()
        if not watched:
            continue
        viewer.dispatch(messages.UpdateEvent())
        stage.pose(viewer.data)
        if panel.recentre:
            stage.aim(viewer.camera, viewer.data)
        viewer.extra_geoms[:] = stage.marks(viewer.data)
        panel.build(pace.speed)
        viewer.sync()
