"""`spec_for`: the spec that a log is read by."""

import json
from pathlib import Path

from ashore.adapt.diagnose.input_shifts import spec_from
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.spec import RobotSpec


def spec_for(header: LogHeader, path: Path, robot: str | None = None) -> RobotSpec:
    """The spec of the robot that was asked for; or else the log's own, or the shipped robot's.

    Raises:
        AdaptError: what the log holds is no spec.
        SpecError: no such robot ships, and no such folder is there.
    """
    if robot is None and json.loads(header.spec):
        return spec_from(header, path)
    return RobotSpec.load(robot or header.robot)
