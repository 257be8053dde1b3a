"""Logs that the tests of the log write and damage."""

from pathlib import Path

import numpy as np

from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading

HEADER = LogHeader(
    robot="arm",
    spec='{"joints": ["shoulder", "elbow"]}',
    contract='{"terms": []}',
    setup={"mass": 0.1 + 0.2, "note": "Ärmel"},
)
SIGNALS = ("position", "velocity", "current", "voltage", "temperature", "age")


def reading(time: float, joints: int = 2, **changed) -> Reading:
    values = {name: np.full(joints, 0.1 * (i + 1) + time) for i, name in enumerate(SIGNALS)}
    values |= {"fault": np.zeros(joints, np.uint8), **changed}
    return Reading(time=time, **values)


def write(path: Path, ticks: int = 300, joints: int = 2) -> bytes:
    with LogWriter(path, HEADER, offline=True) as log:
        for tick in range(ticks):
            time = tick / 100
            log.reading(reading(time, joints))
            log.command(time, Command(position=np.full(joints, np.sin(time))))
            log.policy(time, np.full(20, time), [time, -time], {"latency": [time / 7]})
            log.raw(time, "tx", tick.to_bytes(4, "big"))
            log.raw(time, "rx", b"\xff\xff\xfd\x00")
    return path.read_bytes()


def opened(data: bytes, folder: Path) -> Log:
    path = folder / "log.mcap"
    path.write_bytes(data)
    return Log.open(path)
