"""`ashore open`."""

import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.simulator import NOMINAL
from ashore.hardware.errors import SpecError
from ashore.hardware.logs.log_view import LogView
from ashore.launch.console import say
from ashore.launch.log_spec import spec_for
from ashore.launch.open_request import OpenRequest
from ashore.launch.simulators import second
from ashore.launch.viewer.server import LogServer
from ashore.launch.viewer.shown_log import ShownLog

REST = 0.2
"""Time between two looks at whether Ctrl-C was pressed [s]."""


def run_open(asked: OpenRequest) -> int:
    """Show logs in a page until Ctrl-C."""
    if not asked.logs:
        raise AdaptError("no log was given; name those that `ashore record` wrote")
    logs = [_shown(path, asked) for path in asked.logs]
    title = ", ".join(path.name for path in asked.logs)
    try:
        _show(logs, title, asked)
    except KeyboardInterrupt:
        say("\nstopped")
    return 0


def _show(logs: Sequence[ShownLog], title: str, asked: OpenRequest) -> None:
    spec = logs[0].spec
    if spec is None or not asked.scene:
        server = LogServer(logs, asked.port, lambda at: None, None)
        _announce(server.port, asked.browser)
        while True:
            time.sleep(REST)
    from ashore.launch.viewer.scene import open_scene

    alike = [log for log in logs if log.spec is not None and log.spec.names == spec.names]
    scene, viewer, port = open_scene(alike, title)

    def look(at: float) -> None:
        scene.time = at

    try:
        server = LogServer(logs, asked.port, look, port)
        _announce(server.port, asked.browser)
        scene.serve(viewer)
    finally:
        viewer.close()


def _announce(port: int, browser: bool) -> None:
    say(f"the logs are at http://localhost:{port}, for this machine only; Ctrl-C ends it")
    if browser:
        webbrowser.open(f"http://localhost:{port}")


def _shown(path: Path, asked: OpenRequest) -> ShownLog:
    view = LogView(path)
    try:
        spec = spec_for(view.header, path, asked.robot)
    except SpecError:
        if asked.robot is not None:
            raise
        return ShownLog(view, None, [])
    return ShownLog(view, spec, [NOMINAL, *second(spec, asked.calibrated)])
