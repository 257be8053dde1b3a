"""The queue between a control thread and the disk."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_schemas import EVENT

CHUNK_SECONDS = 0.2
"""Longest time a message waits for its chunk to be closed [s]."""
SYNC_SECONDS = 1.0
"""Time between two waits for the disk [s]."""


@dataclass(frozen=True)
class _Entry:
    topic: str
    body: Mapping[str, object] | bytes
    stamps: tuple[int, int]
    sequence: int


class LogQueue:
    """Takes messages without waiting, and writes them to a `LogFile` from a thread of its own.

    The thread encodes, and closes a chunk at 64 KiB or 0.2 s; a second thread waits for the
    disk every second, so that a slow disk doesn't keep messages in memory. A full queue drops
    the message but still counts its sequence number, so that the reader sees the gap.

    Args:
        file: where the messages go; closed by `close`.
        offline: write at once, without a queue or threads, and stamp the host's clock as the
            robot's.
        capacity: how many messages may wait.
    """

    def __init__(self, file: LogFile, *, offline: bool, capacity: int) -> None:
        self.dropped: Counter[str] = Counter()
        self._file = file
        self._offline = offline
        self._wall_offset = time.time_ns() - time.monotonic_ns()
        self._queue: queue.Queue[_Entry | None] = queue.Queue(capacity)
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._last_time = 0.0
        self._failure: Exception | None = None
        self._closed = threading.Event()
        jobs = {} if offline else {"log-writer": self._write, "log-sync": self._sync}
        self._threads = [
            threading.Thread(target=job, name=name, daemon=True) for name, job in jobs.items()
        ]
        for thread in self._threads:
            thread.start()

    def put(self, topic: str, robot_time: float, body: Mapping[str, object] | bytes) -> None:
        """Queue one message; from any thread.

        Raises:
            LogError: the log is closed.
        """
        stamps = self._stamps(robot_time)
        with self._lock:
            if self._closed.is_set():
                raise LogError(f"the log {self._file.path} is closed; open a new LogWriter")
            entry = _Entry(topic, body, stamps, self._sent[topic])
            self._sent[topic] += 1
            self._last_time = float(robot_time)
            if self._offline:
                self._store(entry, flush=False)
                return
            try:
                self._queue.put_nowait(entry)
            except queue.Full:
                self.dropped[topic] += 1

    def close(self) -> None:
        """Write what waits, the closing event and the index, and close the file; once.

        Raises:
            LogError: the disk refused part of the log; what reached it is readable.
        """
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
        if self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._finish()
        self._file.close()
        if self._failure is not None:
            raise LogError(self.failure)

    @property
    def failure(self) -> str | None:
        """Why nothing more is written, as soon as that is so; else None."""
        if self._failure is None:
            return None
        return (
            f"the log {self._file.path} stopped short: {self._failure}; make room or choose "
            "another disk, what came before is readable"
        )

    def _stamps(self, robot_time: float) -> tuple[int, int]:
        robot = _nanoseconds(robot_time)
        return robot if self._offline else time.monotonic_ns() + self._wall_offset, robot

    def _write(self) -> None:
        due = time.monotonic() + CHUNK_SECONDS
        closing = False
        while not closing:
            try:
                entry = self._queue.get(timeout=max(0.0, due - time.monotonic()))
                closing = entry is None
            except queue.Empty:
                entry = None
            flush = time.monotonic() >= due
            self._store(entry, flush)
            if flush:
                due = time.monotonic() + CHUNK_SECONDS

    def _store(self, entry: _Entry | None, flush: bool) -> None:
        try:
            if entry is not None and self._failure is None:
                self._add(entry)
            if flush and self._failure is None:
                self._file.flush()
        except Exception as error:
            # A thread that died here would leave the queue full and the cause untold.
            self._failure = error

    def _add(self, entry: _Entry) -> None:
        data = entry.body if isinstance(entry.body, bytes) else to_json(entry.body)
        self._file.add(entry.topic, data, entry.stamps, entry.sequence)

    def _sync(self) -> None:
        while not self._closed.wait(SYNC_SECONDS):
            try:
                self._file.sync()
            except OSError as error:
                self._failure = error
                return

    def _finish(self) -> None:
        if self._failure is not None:
            return
        lost = self.dropped.total()
        text = f"closed; {lost} messages were dropped, the disk was too slow" if lost else "closed"
        body = {
            "time": self._last_time,
            "level": "warning" if lost else "info",
            "kind": "log",
            "text": text,
            "data": {"sent": dict(self._sent), "dropped": dict(self.dropped)},
        }
        try:
            self._add(_Entry(EVENT, body, self._stamps(self._last_time), self._sent[EVENT]))
            self._file.finish()
        except OSError as error:
            self._failure = error


def _nanoseconds(seconds: float) -> int:
    """Return `seconds` as MCAP's unsigned nanoseconds, 0 for what it cannot say."""
    return round(seconds * 1e9) if 0.0 <= seconds < 1e10 else 0
