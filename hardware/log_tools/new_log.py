"""`new_log`: a log that has its name only once it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_header import LogHeader


@contextmanager
def new_log(out: str | Path, header: LogHeader) -> Iterator[LogFile]:
    """Open a log to write, under a name of its own; when the block ends well it becomes `out`.

    A run that is killed leaves nothing under the asked name, and one that fails leaves nothing.

    Raises:
        LogError: `out` exists already, cannot be created, or the disk is full.
    """
    out = Path(out)
    if out.exists():
        raise _taken(out)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    file = LogFile(part, header)
    try:
        yield file
        file.finish()
        file.close()
        _publish(part, out)
    except OSError as error:
        raise LogError(
            f"cannot write {out}: {error.strerror}; make room or choose another disk"
        ) from None
    finally:
        file.close()
        part.unlink(missing_ok=True)


def _publish(part: Path, out: Path) -> None:
    """Give a whole file its name, which nothing else may have taken meanwhile."""
    try:
        os.link(part, out)
    except FileExistsError:
        raise _taken(out) from None
    except OSError:
        # Some file systems have no links.
        if out.exists():
            raise _taken(out) from None
        part.rename(out)


def _taken(out: Path) -> LogError:
    return LogError(
        f"{out} exists already and a log never overwrites one; choose another name, or move it away"
    )
