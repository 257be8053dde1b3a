"""Sessions that the tests of the log tools and of the catalogue write."""

from pathlib import Path

import numpy as np
from log_samples import reading

from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.reading import Command

SPEC = '{"joints": [{"name": "shoulder"}, {"name": "elbow"}]}'
ABOUT = {"robot": "arm", "spec": SPEC, "contract": '{"terms": []}'}


def session(
    path: Path,
    *,
    ticks: int = 300,
    start: float = 0.0,
    episodes: int = 3,
    joints: int = 2,
    robot: str = "arm",
    created: str = "",
    **setup: object,
) -> Path:
    """A log of `ticks` at 100 Hz, in which episodes follow one another, each with its homing."""
    about = {**ABOUT, "robot": robot, "created": created}
    header = LogHeader(**about, setup={"kind": "record", "policy": "ab12" * 8, **setup})
    length = max(ticks // episodes, 1) if episodes else ticks + 1
    with LogWriter(path, header, offline=True) as log:
        for tick in range(ticks):
            time = start + tick / 100
            if tick % length == 0 and episodes:
                log.event(time, "info", "state", "homing")
            if tick % length == length // 5 and episodes:
                facts = {"task": "reach", "plan": [tick * 0.1]}
                log.event(time, "info", "state", "running", facts)
            log.reading(reading(time, joints))
            log.command(time, Command(position=np.full(joints, np.sin(time))))
            log.policy(time, np.full(20, time), [time, -time], {"latency": [time / 7]})
            log.raw(time, "tx", tick.to_bytes(4, "big"))
        log.event(time, "info", "state", "limp")
    return path
