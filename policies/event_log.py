"""`EventLog`: a training's figures for TensorBoard, which end where the disk does, and say so."""

import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter, Logger
from torch.utils.tensorboard import RecordWriter, writer

from ashore.policies.errors import TrainingError

_PROTOCOL = vars(writer)
"""TensorBoard's messages, `Event` and `SessionLog`, as PyTorch imports them."""


class EventLog(KVWriter):
    """Numbers of each update in an event file, all on their way to the disk when `write` returns.

    TensorBoard's own writer has a thread, whose errors are printed whatever the program does.
    Events of an earlier process from step `begin` on are hidden: a resumed training does those
    steps again.
    """

    def __init__(self, folder: Path, begin: int) -> None:
        """Begin a file in `folder`.

        Raises:
            TrainingError: the disk is full, or the folder cannot be written.
        """
        name = f"events.out.tfevents.{time.time_ns():d}.{socket.gethostname()}.{os.getpid()}"
        self.path = folder / name
        event, session = _PROTOCOL["Event"], _PROTOCOL["SessionLog"]
        start = session(status=session.START)
        self._append(
            event(wall_time=time.time(), file_version="brain.Event:2"),
            event(wall_time=time.time(), step=begin, session_log=start),
        )

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Write the numbers among the values; what else there is has no place here.

        Raises:
            TrainingError: the disk is full, or the folder is gone.
        """
        event = _PROTOCOL["Event"](wall_time=time.time(), step=step)
        for key, value in sorted(key_values.items()):
            hidden = "tensorboard" in (key_excluded.get(key) or ())
            if isinstance(value, (bool, int, float, np.number)) and not hidden:
                event.summary.value.add(tag=key, simple_value=float(value))
        self._append(event)

    def _append(self, *events: Any) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())
        except OSError as error:
            raise TrainingError(
                f"cannot write TensorBoard's events to {self.path.parent}: {error.strerror}; the "
                "last checkpoint is kept: make room there and go on with --resume"
            ) from None

    def close(self) -> None:
        """Nothing to do: the file is closed after every write."""


def event_logger(run: Path, steps: int) -> Logger:
    """Make the logger of a training that has done `steps` and keeps its events in `run`."""
    folder = run / "tensorboard"
    return Logger(str(folder), [EventLog(folder, steps + 1)])
