"""`require_not_held_out`: what was kept back to judge by is never learned from."""

from collections.abc import Iterable
from pathlib import Path

from ashore.hardware.catalogue.log_marks import MARKS, LogMarks, read_marks
from ashore.hardware.catalogue.log_split import HELD_OUT
from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_summary import summarise


def require_not_held_out(logs: Iterable[Path]) -> None:
    """Refuse logs that the catalogue of their folder, or of one above it, calls held-out.

    A log that the catalogue does not know yet is held out as well if it is of a trajectory, a
    shape of excitation or a recording that is. A log outside any catalogue is free.

    Raises:
        LogError: a log is held out, or the file that says which are cannot be read.
    """
    for log in logs:
        for path in dict.fromkeys((log.absolute(), log.resolve())):
            for folder in path.parents:
                marks = read_marks(folder)
                if marks is not None and (why := _why(marks, path, folder)):
                    raise LogError(
                        f"{log} is held out to judge by, {folder / MARKS} says: {why}; nothing may "
                        "be learned from it: take another log, or change the split in that file"
                    )


def _why(marks: LogMarks, path: Path, folder: Path) -> str | None:
    """What in the marks holds a log out, if something does."""
    name = path.relative_to(folder).as_posix()
    if marks.split.get(name) == HELD_OUT:
        return f"{name!r} is {HELD_OUT}"
    held = {label for label, side in marks.sides.items() if side == HELD_OUT}
    if not held or not path.is_file():
        return None
    shared = next((label for label in summarise(path).labels if label in held), None)
    return None if shared is None else f"{shared!r} is {HELD_OUT}"
