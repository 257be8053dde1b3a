"""Files and folders that appear whole or not at all, and never in the place of another."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ashore.hardware.errors import LogError


@contextmanager
def new_place(out: Path) -> Iterator[Path]:
    """Give a path to write a file or a folder at; it becomes `out` when the block ends well.

    Raises:
        LogError: `out` exists, or the disk refuses.
    """
    if out.exists():
        raise taken(out)
    held: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        held = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name[:40]}."))
        yield held / out.name
        publish(held / out.name, out)
    except OSError as error:
        raise LogError(
            f"cannot write {out}: {error.strerror or error}; make room or choose another place"
        ) from None
    finally:
        if held is not None:
            shutil.rmtree(held, ignore_errors=True)


def publish(part: Path, out: Path) -> None:
    """Give a whole file or folder its name, which nothing else may have taken meanwhile.

    Raises:
        LogError: something has.
        OSError: the disk refuses.
    """
    try:
        # A link is never made over another file; of folders, and on some file systems, there is
        # none.
        os.link(part, out)
    except FileExistsError:
        raise taken(out) from None
    except OSError:
        if out.exists():
            raise taken(out) from None
        part.rename(out)


def taken(out: Path) -> LogError:
    """The refusal to write where something is."""
    return LogError(
        f"{out} exists already, and nothing is overwritten; choose another name, or move it away"
    )
