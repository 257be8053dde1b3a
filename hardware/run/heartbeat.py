"""`Heartbeat`: starts the supervisor, and tells it that the runner is alive."""

import json
import math
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ashore.hardware.errors import RunError

LONGEST = 25.0
"""Longest time that a beat can allow until the next [s]."""

_SCRIPT = Path(__file__).with_name("supervisor.py")
_STARTED = 20.0  # longest wait for it to say that it is there [s]
_ENDED = 10.0


class Heartbeat:
    """A supervisor process and the pipe it listens to; a context manager.

    It watches from the first `beat` to `rest`. If this process dies in between, however, the
    supervisor finds the pipe at its end and takes torque off; if it hangs, the supervisor finds it
    silent. It holds the port open, and with it the port's lock, until it has ended.
    """

    def __init__(self, port: int, packets: Sequence[bytes], limit: float) -> None:
        """Start the supervisor and wait until it watches.

        Args:
            port: descriptor of the robot's port.
            packets: what takes torque off, as they go over the wire.
            limit: silence after which it acts, unless a beat says otherwise [s].

        Raises:
            RunError: it did not start.
        """
        self.limit = limit
        heart, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        orders = {"port": port, "heart": heart, "runner": os.getpid()}
        text = json.dumps({**orders, "packets": [packet.hex() for packet in packets]})
        try:
            # In a session of its own, out of reach of the terminal's Ctrl-C and hang-up.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), text],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                pass_fds=(port, heart),
                start_new_session=True,
            )
        except OSError as problem:
            os.close(self._pipe)
            raise RunError(f"the supervisor did not start: {problem}; {_WITHOUT}") from problem
        finally:
            os.close(heart)
        self._require_started()

    def __enter__(self) -> "Heartbeat":
        """Return itself; it is started already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self._process.pid

    def beat(self, seconds: float = 0.0) -> None:
        """Say that this process is alive and will speak within `limit`, or `seconds` if more.

        Raises:
            RunError: the supervisor is gone.
        """
        self._say(math.ceil(10.0 * min(max(self.limit, seconds), LONGEST)))

    def rest(self) -> None:
        """Say that the joints are limp and nobody needs watching."""
        with suppress(RunError):
            self._say(0)

    def close(self) -> None:
        """End the supervisor; if nobody said that the joints are limp, it takes torque off first.

        Closing twice is allowed.
        """
        if self._pipe < 0:
            return
        os.close(self._pipe)
        self._pipe = -1
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDED)
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _say(self, tenths: int) -> None:
        try:
            os.write(self._pipe, bytes([tenths]))
        except OSError as problem:
            raise RunError(
                f"the supervisor is gone ({problem.strerror}), so nobody would take torque off if "
                "this process died; find out what ended it, then start again"
            ) from problem

    def _require_started(self) -> None:
        out = self._process.stdout
        if out is None or not select.select([out], [], [], _STARTED)[0] or not out.read(1):
            self.close()
            raise RunError(
                f"the supervisor did not start (exit code {self._process.returncode}); {_WITHOUT}"
            )


_WITHOUT = "free memory and processes, or run without it: --no-supervise"
