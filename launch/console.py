"""What the commands print: sentences, stages and progress bars."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

COMPLAINT = "ashore: "
"""What a sentence on what went wrong begins with."""


class Bar(Protocol):
    """Shows how far a piece of work is."""

    def __call__(self, text: str, done: float) -> None:
        """Show that `done` (0..1) of the work called `text` is done."""
        ...


def say(text: str) -> None:
    """Print a sentence for the user."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a sentence on what went wrong."""
    print(f"{COMPLAINT}{text}", file=sys.stderr, flush=True)


def plain(text: str) -> str:
    """A text out of a file as one line that a terminal only shows, and never obeys."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as text, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """A progress bar on a terminal; elsewhere, a line at each tenth."""
    if sys.stdout.isatty():
        with _rich_bar() as bar:
            yield bar
    else:
        yield _Lines()


@contextmanager
def _rich_bar() -> Iterator[Bar]:
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("  {task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        tasks: dict[str, TaskID] = {}

        def show(text: str, done: float) -> None:
            key = text.split(",")[0]
            if key not in tasks:
                tasks[key] = progress.add_task(text, total=1.0)
            progress.update(tasks[key], completed=done, description=text)

        yield show


class _Lines:
    """Progress without a terminal: a line when a piece of work begins and at each fifth."""

    def __init__(self) -> None:
        self.key, self.shown, self.began = "", -1, time.monotonic()

    def __call__(self, text: str, done: float) -> None:
        """Print a line if there is news."""
        key, step = text.split(",")[0], int(5.0 * done)
        if key != self.key:
            self.key, self.shown, self.began = key, -1, time.monotonic()
        if step > self.shown:
            self.shown = step
            say(f"  {text}: {done:.0%} ({time.monotonic() - self.began:.0f} s)")
