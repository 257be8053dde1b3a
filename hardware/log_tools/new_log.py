"""`new_log`: a log that has its name only once it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.new_place import publish, taken


@contextmanager
def new_log(out: str | Path, header: LogHeader) -> Iterator[LogFile]:
    """Open a log to write, under a name of its own; when the block ends well it becomes `out`.

    A run that is killed leaves nothing under the asked name, and one that fails leaves nothing.

    Raises:
        LogError: `out` exists already, cannot be created, or the disk is full.
    """
    out = Path(out)
    if out.exists():
        raise taken(out)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    file = LogFile(part, header)
    try:
        yield file
        file.finish()
        file.close()
        publish(part, out)
    except OSError as error:
        raise LogError(
            f"cannot write {out}: {error.strerror}; make room or choose another disk"
        ) from None
    finally:
        file.close()
        part.unlink(missing_ok=True)
