"""A real pseudo-terminal with a script at its far end: what servos say, and what goes wrong."""

import os
import threading
import tty
from collections.abc import Callable

from ashore.hardware.wire.frame import Frame, Parser
from ashore.hardware.wire.parser import PacketParser

Script = Callable[[Frame], bytes]


class ScriptedLine:
    """Answers each instruction with what `script` returns; everything asked is in `asked`."""

    def __init__(self, script: Script, parser: PacketParser | None = None) -> None:
        self.script = script
        self.asked: list[Frame] = []
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._parser = Parser() if parser is None else parser
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for."""
        os.write(self._master, data)

    def unplug(self) -> None:
        """Close the far end for good."""
        # A write wakes the thread out of its read, so that the descriptor really closes.
        self._open = False
        os.write(self._slave, b"\0")
        self._thread.join()
        os.close(self._slave)
        os.close(self._master)

    _open = True

    def _serve(self) -> None:
        while True:
            data = os.read(self._master, 4096)
            if not self._open:
                return
            for frame in self._parser.feed(data):
                self.asked.append(frame)
                os.write(self._master, self.script(frame))
