"""`CommandScript`: velocities to walk at, one after another, from a text file."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ashore.envs.errors import PlayError
from ashore.envs.tasks.task import Array
from ashore.envs.tasks.walk import FASTEST, SLOWEST

COLUMNS = ("seconds", "forward [m/s]", "leftward [m/s]", "turning [rad/s]")

TOUR = """
1    0     0     0
3    0.35  0     0
2.5  0.25  0     0.7
2    0     0.2   0
2    0    -0.2  -0.7
1.5  0     0     0
"""
"""What a clip shows if nobody says what to do: every direction once."""


@dataclass(frozen=True, kw_only=True)
class CommandScript:
    """Commands and how long each holds.

    A script is text: on each line four numbers, `seconds forward leftward turning`, in s, m/s, m/s
    and rad/s. What follows a `#` is for people, and empty lines are skipped.
    """

    seconds: Array
    """How long each command holds, `(n,)` [s]."""
    commands: Array
    """Forward and leftward velocity [m/s], yaw rate [rad/s], `(n, 3)`."""

    @property
    def length(self) -> float:
        """How long the script is [s]."""
        return float(self.seconds.sum())

    def at(self, time: float) -> Array:
        """The command at `time` [s], `(3,)`; standing still once the script is over."""
        index = int(np.searchsorted(np.cumsum(self.seconds), time, side="right"))
        return self.commands[index] if index < len(self.commands) else np.zeros(3)

    @classmethod
    def parse(cls, text: str, name: str) -> "CommandScript":
        """Read a script's text; `name` is what messages call it.

        Raises:
            PlayError: naming the first line that is no command, or that asks for too much.
        """
        rows = [
            _row(line.partition("#")[0].split(), f"{name}, line {number}")
            for number, line in enumerate(text.splitlines(), start=1)
            if line.partition("#")[0].strip()
        ]
        if not rows:
            raise PlayError(f"{name} holds no command; a line is: {' '.join(COLUMNS)}")
        table = np.array(rows)
        return cls(seconds=table[:, 0], commands=table[:, 1:])

    @classmethod
    def read(cls, path: Path) -> "CommandScript":
        """Read a script from a file.

        Raises:
            PlayError: it cannot be read, or is not a script.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise PlayError(f"cannot read the command script {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise PlayError(f"{path} is not text; a line is: {' '.join(COLUMNS)}") from None
        return cls.parse(text, str(path))


def _row(words: list[str], where: str) -> list[float]:
    if len(words) != len(COLUMNS):
        raise PlayError(
            f"{where} has {len(words)} of the four numbers of a command: {' '.join(COLUMNS)}"
        )
    row = [_number(word, f"{where}: {column}") for word, column in zip(words, COLUMNS, strict=True)]
    if row[0] <= 0.0:
        raise PlayError(f"{where}: seconds is {words[0]}; give a time above 0")
    for value, column, low, high in zip(row[1:], COLUMNS[1:], SLOWEST, FASTEST, strict=True):
        if not low <= value <= high:
            raise PlayError(f"{where}: {column} is {value:g}; walking is from {low:g} to {high:g}")
    return row


def _number(word: str, where: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PlayError(f"{where} is {word!r}; give a number")
    return value
