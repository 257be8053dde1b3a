"""Logs that the tests of the log write and damage."""

import json
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
LEG = json.dumps({"rate": 50, "joints": [{"name": "hip"}, {"name": "knee"}]})
"""A robot as an export needs it: a rate and names."""
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


def episodes(path, ticks=(0, 1, 2, 3, 4), count=2, joints=2, spec=LEG):
    """Each episode: the ticks at 50 Hz, a goal 1 ms behind each reading."""
    with LogWriter(path, LogHeader(robot="leg", spec=spec), offline=True) as log:
        for episode in range(count):
            begin = 10.0 * episode
            log.reading(reading(begin + 1.0, joints))
            log.event(begin + 2.0, "info", "state", "running", {"task": f"walk {episode}"})
            for tick in ticks:
                log.reading(reading(begin + 2.0 + tick / 50, joints))
                goal = Command(position=np.full(joints, episode + tick))
                log.command(begin + 2.001 + tick / 50, goal)
            log.event(begin + 5.0, "info", "state", "limp")
    return path


def opened(data: bytes, folder: Path) -> Log:
    path = folder / "log.mcap"
    path.write_bytes(data)
    return Log.open(path)
