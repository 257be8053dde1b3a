"""`open_viewer`: MuJoCo's web viewer, for this machine alone."""

import copy
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import mujoco
from mujoco.studio import launch_thread, ux, web_viewer
from mujoco.studio.viewer_protocol import ViewerConfig
from mujoco.studio.web import web_server

from ashore.envs.errors import PlayError

LOOPBACK = "127.0.0.1"
HEADLIGHT, LIGHT = (0.9, 1.6), 1.0
"""Ambient and diffuse light from the camera, and that of lamps: the page's renderer shows a robot
darker than MuJoCo's classic one, which the MJCF's lights are for."""


def open_viewer(
    model: mujoco.MjModel, title: str, port: int = 0, browser: bool = True
) -> tuple[Any, int]:
    """Open MuJoCo's web viewer on a model, for this machine alone.

    Args:
        model: what is seen.
        title: of the page.
        port: to serve on; 0 for the first free one from 8080 on.
        browser: whether to open a browser there.

    Returns:
        The viewer, and the port that it serves on.

    Raises:
        PlayError: the port is taken.
    """
    endpoint, _ = launch_thread.make_thread_endpoints()
    config = ViewerConfig(title=title, http_port=port, open_browser=browser)
    try:
        # The viewer's banner speaks of a page that the whole network sees, and it isn't.
        with _loopback_only() as bound, redirect_stdout(io.StringIO()):
            viewer = web_viewer.WebViewer(config, endpoint, model=_lit(model))
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
