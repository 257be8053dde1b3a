"""`Turn`: a long piece of work that is let run for a slice at a time."""

import time
from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Any

Pause = Callable[[Any], bool]
"""Called by the work with where it stands; returns whether it shall go on."""


class Turn:
    """Work in a thread of its own, which runs only between `go` and its next pause.

    Several of them take turns on one machine, so that whatever else it does falls on all alike.
    """

    def __init__(self, work: Callable[[Pause], None]) -> None:
        """Prepare; nothing runs yet."""
        self.seconds = 0.0
        self.stands: Any = None
        self.over = False
        self._work, self._wanted = work, True
        self._mine, self._yours = Semaphore(0), Semaphore(0)
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def go(self) -> float:
        """Let it run until it pauses or ends, and return how long that took [s].

        Raises:
            Exception: what the work raised.
        """
        began = time.perf_counter()
        self._mine.release()
        self._yours.acquire()
        taken = time.perf_counter() - began
        self.seconds += taken
        if self._failure is not None:
            raise self._failure
        return taken

    def end(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._wanted = False
        while not self.over:
            self.go()

    def _run(self) -> None:
        self._mine.acquire()
        try:
            if self._wanted:
                self._work(self._pause)
        except Exception as error:
            self._failure = error
        self.over = True
        self._yours.release()

    def _pause(self, stands: Any) -> bool:
        self.stands = stands
        self._yours.release()
        self._mine.acquire()
        return self._wanted
