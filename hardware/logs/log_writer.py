"""Writes a log while the robot moves, without ever making the control thread wait."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_queue import LogQueue
from ashore.hardware.logs.log_schemas import (
    COMMAND,
    EVENT,
    INERTIAL_SIGNALS,
    OPTIONAL_SIGNALS,
    POLICY,
    RAW_TOPICS,
    READING,
    READING_SIGNALS,
)
from ashore.hardware.reading import Command, Reading

QUEUE_MESSAGES = 8192
"""Messages that may wait for the disk: over 3 s of a robot that logs five at 500 Hz."""


class LogWriter:
    """Writes readings, commands, policy steps, events and wire bytes to an MCAP log.

    Every method copies what it is given into a bounded queue and returns. A full queue drops
    the message; the closing event counts the dropped ones, and the reader says where they are
    missing. Killed at any moment, the log is readable to its last closed chunk, 0.2 s back.

    Methods may be called from several threads. Times are on the robot's clock [s].

    Args:
        path: where to write; must not exist.
        header: what the log says about itself; on the disk when the constructor returns.
        offline: the messages were not made in real time: write at once instead of dropping, and
            stamp the host's clock as the robot's, so that viewers show their true spacing.
        queue_messages: how many messages may wait for the disk.

    Raises:
        LogError: `path` exists or cannot be created; from the methods: a signal whose width is
            not that of its first message, or a log that is closed; from `close`: the disk failed.
    """

    def __init__(
        self,
        path: str | Path,
        header: LogHeader,
        *,
        offline: bool = False,
        queue_messages: int = QUEUE_MESSAGES,
    ) -> None:
        file = LogFile(path, header)
        self._queue = LogQueue(file, offline=offline, capacity=queue_messages)
        self._widths: dict[str, int] = {}

    @property
    def dropped(self) -> int:
        """How many messages a full queue has dropped so far."""
        return self._queue.dropped.total()

    @property
    def failure(self) -> str | None:
        """Why the disk takes no more, as soon as it doesn't; else None. A run is not held up."""
        return self._queue.failure

    def reading(self, reading: Reading) -> None:
        """Log what the joints said at one tick."""
        body: dict[str, object] = {"time": float(reading.time)}
        for name in (*READING_SIGNALS, *OPTIONAL_SIGNALS):
            if (values := getattr(reading, name)) is not None:
                body[name] = self._row(f"reading's {name}", values, "reading")
        if (inertial := reading.inertial) is not None:
            for name in INERTIAL_SIGNALS:
                body[name] = self._row(f"reading's {name}", getattr(inertial, name), "inertial")
            body["inertial_age"] = [float(inertial.age)]
        self._queue.put(READING, reading.time, body)

    def command(self, time: float, command: Command) -> None:
        """Log what the joints were told at `time`."""
        goal = self._row("command's position", command.position)
        self._queue.put(COMMAND, time, {"time": float(time), "position": goal})

    def policy(
        self,
        time: float,
        observation: ArrayLike,
        action: ArrayLike,
        signals: Mapping[str, Sequence[float] | NDArray[np.floating]] | None = None,
    ) -> None:
        """Log what the policy saw, `(no,)`, and said, `(na,)`, as float32, and named signals."""
        named = {name: self._row(f"signal {name}", v) for name, v in (signals or {}).items()}
        body = {
            "time": float(time),
            "observation": self._row("observation", np.asarray(observation, np.float32)),
            "action": self._row("action", np.asarray(action, np.float32)),
            "signals": named,
        }
        self._queue.put(POLICY, time, body)

    def event(
        self,
        time: float,
        level: str,
        kind: str,
        text: str,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Log that something happened: how grave, which part speaks, a sentence, its numbers."""
        body = {"time": float(time), "level": level, "kind": kind, "text": text}
        # Encoded here, so that data which cannot be written is the caller's error.
        self._queue.put(EVENT, time, to_json({**body, "data": dict(data or {})}))

    def raw(self, time: float, direction: str, data: bytes) -> None:
        """Log bytes on a wire at `time`, to the nanosecond; `direction` is tx, rx or imu."""
        self._queue.put(RAW_TOPICS[direction], time, bytes(data))

    def close(self) -> None:
        """Write what waits, the closing event and the index, and close the file; once.

        Raises:
            LogError: the disk refused part of the log; what reached it is readable.
        """
        self._queue.close()

    def __enter__(self) -> "LogWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _row(self, name: str, values: ArrayLike, group: str = "") -> list[float]:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
        array = array if array.ndim else array[None]
        width = self._widths.setdefault(group or name, array.size)
        if array.shape != (width,):
            raise LogError(
                f"the {name} has shape {array.shape} and this log expects ({width},), the width "
                f"of what came first; open a new log for another robot or policy"
            )
        row: list[float] = array.tolist()
        return row
