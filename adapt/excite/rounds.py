"""`rounds_of`: the rounds of a log that `ashore excite` recorded."""

from dataclasses import replace
from itertools import pairwise

from ashore.adapt.held_out import between
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

KIND = "excite"
"""What the setup of such a log says that it is."""


def rounds_of(log: Log, spec: RobotSpec) -> list[Trajectory]:
    """Cut a log into its rounds, each labelled with its shape; any other log stays in one piece.

    Raises:
        AdaptError: the log is of other joints, or has no command.
    """
    whole = Trajectory.from_log(log, spec)
    if log.header.setup.get("kind") != KIND:
        return [whole]
    marks = [event for event in log.events if event.kind == "state"]
    origin, found = log.readings.time[0], []
    for mark, after in pairwise(marks):
        if mark.text != "running":
            continue
        begin, end = mark.time - origin, after.time - origin
        if ((whole.time >= begin) & (whole.time <= end)).sum() < 3:
            continue
        shape, number = mark.data.get("shape"), mark.data.get("round")
        source = f"{log.path.stem}, round {number} ({shape})"
        found.append(replace(between(whole, begin, end), label=str(shape), source=source))
    return found or [whole]
