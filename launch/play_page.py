"""The page of a played policy: MuJoCo's web viewer, moved by the player's own simulation."""

import copy
import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import mujoco
from mujoco.studio import launch_thread, messages, ux, web_viewer
from mujoco.studio.viewer_protocol import ViewerConfig
from mujoco.studio.web import web_server

from ashore.envs.errors import PlayError
from ashore.envs.play.stage import Stage
from ashore.launch.pace import Pace
from ashore.launch.play_controls import Controls
from ashore.launch.play_panel import Panel

LOOPBACK = "127.0.0.1"
HEADLIGHT, LIGHT = (0.9, 1.6), 1.0
"""Ambient and diffuse light from the camera, and that of lamps: the page's renderer shows a robot
darker than MuJoCo's classic one, which the MJCF's lights are for."""


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
    viewer, port = _open(stage, panel.title, port)
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


def _open(stage: Stage, title: str, port: int) -> tuple[Any, int]:
    """The viewer, and the port that it serves on."""
    endpoint, _ = launch_thread.make_thread_endpoints()
    config = ViewerConfig(title=title, http_port=port, open_browser=True)
    try:
        # The viewer's banner speaks of a page that the whole network sees, and it isn't.
        with _loopback_only() as bound, redirect_stdout(io.StringIO()):
            viewer = web_viewer.WebViewer(config, endpoint, model=_lit(stage.model))
    except (RuntimeError, OverflowError) as error:
        raise PlayError(
            f"cannot serve the page on port {port or '8080 or one of the next'}: it is taken, or "
            "no port; choose another with --port, or leave it out for a free one"
        ) from error
    logging.getLogger("WebServer").setLevel(logging.WARNING)
    ux.setup_theme(ux.GuiTheme.DARK)
    return viewer, bound[0]


def _lit(model: mujoco.MjModel) -> mujoco.MjModel:
    """The model in the page's light."""
    model = copy.deepcopy(model)
    model.vis.headlight.ambient[:], model.vis.headlight.diffuse[:] = HEADLIGHT
    model.light_diffuse[:] = LIGHT
    return model


@contextmanager
def _loopback_only() -> Iterator[list[int]]:
    """Let a viewer that is made meanwhile listen on this machine alone; yields its port.

    It has no password, and MuJoCo 4.0's listens on every network that there is.
    """
    bind, ports = web_server.bind_public_socket, list[int]()

    def local(_: str, port: int) -> Any:
        listener = bind(LOOPBACK, port)
        ports.append(listener.getsockname()[1])
        return listener

    web_server.bind_public_socket = local
    try:
        yield ports
    finally:
        web_server.bind_public_socket = bind
