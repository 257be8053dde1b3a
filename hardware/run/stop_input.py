"""`StopInputs`: buttons that stop a run, whatever they are made of."""

import os
import select
import socket
import sys
import termios
import tty
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from ashore.hardware.errors import RunError

FORMS = "file:PATH, udp:PORT, gpio:NUMBER, gpio:PATH, gpio:NUMBER:0 (pressed when 0), key"
"""What a stop input may be."""


class StopInput(Protocol):
    """One button."""

    def pressed(self) -> str:
        """Return what is the matter, or an empty text; never waits."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class FileStop:
    """Pressed while a file is there; any program can make it."""

    def __init__(self, text: str) -> None:
        """Watch the path `text`; its folder must be there already.

        Raises:
            RunError: no such folder.
        """
        self.path = Path(text)
        if not text or not self.path.parent.is_dir():
            raise RunError(
                f"stop input file:{text}: there is no folder {self.path.parent}, so the file could "
                "never appear; make the folder first"
            )

    def pressed(self) -> str:
        """Return that it is there, or cannot be looked for."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return ""
        except OSError as problem:
            return f"{self.path} cannot be looked for: {problem.strerror}"
        return f"{self.path} is there"

    def close(self) -> None:
        """Nothing is held."""


class UdpStop:
    """Pressed by any datagram: from another machine, a pendant, `nc -u`."""

    def __init__(self, text: str) -> None:
        """Listen on port `text` of every interface.

        Raises:
            RunError: no port number, or the port is taken.
        """
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
            raise RunError(f"stop input udp:{text}: a port from 1 to 65535 is needed: udp:5005")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("", int(text)))
        except OSError as problem:
            self._socket.close()
            raise RunError(
                f"stop input udp:{text}: cannot listen there: {problem.strerror}; choose another "
                "port, or end the program that has it"
            ) from problem
        self._socket.setblocking(False)

    def pressed(self) -> str:
        """Return who sent a datagram, if somebody did."""
        try:
            _, sender = self._socket.recvfrom(1)
        except BlockingIOError:
            return ""
        except OSError as problem:
            return f"its socket failed: {problem.strerror}"
        return f"a datagram came from {sender[0]}"

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class GpioStop:
    """Pressed while a GPIO value file reads 1, or 0 for a button that opens its circuit."""

    def __init__(self, text: str) -> None:
        """Watch GPIO number or value file `text`, with `:0` behind it if pressed means 0.

        Raises:
            RunError: there is no such file, or it holds neither 0 nor 1.
        """
        where, colon, level = text.partition(":")
        self.level = level if colon else "1"
        number = where.isascii() and where.isdigit()
        self.path = Path(f"/sys/class/gpio/gpio{where}/value" if number else where)
        if self.level not in ("0", "1"):
            raise RunError(f"stop input gpio:{text}: pressed is 0 or 1, not {level!r}")
        trouble = self._read()[1]
        if trouble:
            export = f"; `echo {where} > /sys/class/gpio/export` makes it" if number else ""
            raise RunError(f"stop input gpio:{text}: {trouble}{export}")

    def pressed(self) -> str:
        """Return that it is pressed; a line that cannot be read is as good as pressed."""
        value, trouble = self._read()
        return trouble or (f"{self.path} is {value}" if value == self.level else "")

    def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> tuple[str, str]:
        try:
            value = self.path.read_text(encoding="ascii", errors="replace").strip()
        except OSError as problem:
            return "", f"{self.path} cannot be read: {problem.strerror}"
        return value, "" if value in ("0", "1") else f"{self.path} holds {value[:9]!r}, not 0 or 1"


class KeyStop:
    """Pressed by any key in the terminal that the run was started from."""

    def __init__(self, text: str) -> None:
        """Let keys come one by one, without Enter, until `close`.

        Raises:
            RunError: there is no terminal, or this process is in its background.
        """
        if text:
            raise RunError(f"stop input key:{text}: it is any key; say just key")
        self._terminal = sys.stdin.fileno() if sys.stdin is not None else -1
        if not os.isatty(self._terminal) or os.tcgetpgrp(self._terminal) != os.getpgrp():
            raise RunError(
                "stop input key: no terminal is in front of this process, so no key can reach it; "
                f"use another: {FORMS}"
            )
        self._before = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal)

    def pressed(self) -> str:
        """Return that a key was pressed, or that the terminal is gone."""
        if not select.select([self._terminal], [], [], 0.0)[0]:
            return ""
        return "a key was pressed" if os.read(self._terminal, 64) else "the terminal is gone"

    def close(self) -> None:
        """Put the terminal back as it was."""
        with suppress(termios.error):
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)


KINDS: dict[str, Callable[[str], StopInput]] = {
    "file": FileStop,
    "udp": UdpStop,
    "gpio": GpioStop,
    "key": KeyStop,
}
"""What makes a stop input of each kind, from the text behind the colon."""


class StopInputs:
    """Several buttons, latched: once one was pressed, the run is over for good; a context manager.

    What cannot be read counts as pressed. They are asked at each control step, in its thread.
    """

    def __init__(self, texts: Sequence[str] = ()) -> None:
        """Open each of `texts`, such as `file:/run/estop`.

        Raises:
            RunError: one is not of a known form, or cannot be.
        """
        self.reason = ""
        self._inputs: list[tuple[str, StopInput]] = []
        with ExitStack() as stack:
            for text in texts:
                kind, _, rest = text.partition(":")
                if kind not in KINDS:
                    raise RunError(f"no stop input {text!r}; possible: {FORMS}")
                made = KINDS[kind](rest)
                stack.callback(made.close)
                self._inputs.append((text, made))
            self._open = stack.pop_all()

    def __enter__(self) -> "StopInputs":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of all of them."""
        self.close()

    def poll(self) -> str:
        """Return why the run must stop, for ever the same; empty while no button was pressed."""
        for text, button in self._inputs if not self.reason else ():
            trouble = button.pressed()
            if trouble:
                self.reason = f"stop input {text}: {trouble}"
                break
        return self.reason

    def close(self) -> None:
        """Let go of all of them; closing twice is allowed."""
        self._open.close()
