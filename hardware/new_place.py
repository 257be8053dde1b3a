"""Files and folders that appear whole or not at all."""

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
        raise LogError(f"{out} exists already; choose another place, or remove it")
    held: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        held = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name[:40]}."))
        yield held / out.name
        (held / out.name).rename(out)
    except OSError as error:
        raise LogError(
            f"cannot write {out}: {error.strerror or error}; make room or choose another place"
        ) from None
    finally:
        if held is not None:
            shutil.rmtree(held, ignore_errors=True)
