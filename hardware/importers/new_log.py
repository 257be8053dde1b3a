"""A log file that appears whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ashore.hardware.errors import LogError


@contextmanager
def new_log(out: Path) -> Iterator[None]:
    """Take the log `out`, which the block writes, away again if the block fails.

    Raises:
        LogError: `out` exists, or the disk refuses.
    """
    if out.exists():
        raise LogError(f"{out} exists already; choose another place, or remove it")
    done = False
    try:
        yield
        done = True
    except OSError as error:
        raise LogError(
            f"cannot write {out}: {error.strerror or error}; make room or choose another place"
        ) from None
    finally:
        if not done:
            out.unlink(missing_ok=True)
