"""`ashore open`."""

import json
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from ashore.adapt.diagnose.input_shifts import spec_from
from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.simulator import NOMINAL
from ashore.hardware.errors import SpecError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_view import LogView
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import say
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
    spec = _spec(LogView(path).header, path, asked.robot)
    simulators = [] if spec is None else [NOMINAL, *second(spec, asked.calibrated)]
    return ShownLog(path, spec, simulators)


def _spec(header: LogHeader, path: Path, robot: str | None) -> RobotSpec | None:
    """The spec that was asked for; or else the log's own, or the shipped robot's, if any is it."""
    if robot is not None:
        return RobotSpec.load(robot)
    if json.loads(header.spec):
        return spec_from(header, path)
    try:
        return RobotSpec.load(header.robot)
    except SpecError:
        return None
