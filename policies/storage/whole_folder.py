"""`write_folder`: a folder of files, whole or not at all, whatever ends the writing."""

import ctypes
import glob
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ashore.policies.storage.whole_file import put_on_disk, sync_folder

_HERE, _EXCHANGE = -100, 2
"""Linux's AT_FDCWD and RENAME_EXCHANGE. Source: rename(2)."""
_ASIDE = "old"


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write `files`, by name, as the folder `target`, in place of the one that was there.

    Everything is on the disk before it is put in place, and it is put in place by one operation of
    the file system: at any moment, also after a kill or a power cut, `target` is the older folder
    or the new one. A file system that cannot exchange folders needs two operations. Between them
    there is none, and the older one is where `left_aside` finds it.

    Raises:
        OSError: the disk is full, or the place cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_prefix(target), dir=target.parent) as near:
        new = Path(near, "new")
        new.mkdir()
        for name, content in files.items():
            put_on_disk(new / name, content)
        sync_folder(new)
        _put(new, target, Path(near, _ASIDE))
        # Before the older one is removed.
        sync_folder(target.parent)


def left_aside(target: Path) -> Path | None:
    """Find the older folder that a killed `write_folder` has moved aside, if there is one."""
    pattern = f"{glob.escape(_prefix(target))}*/{_ASIDE}"
    return next(iter(sorted(target.parent.glob(pattern))), None)


def _prefix(target: Path) -> str:
    return f".{target.name}."


def _put(new: Path, target: Path, aside: Path) -> None:
    """Put `new` where `target` is; a failure leaves the older one."""
    if target.exists():
        if _exchange(new, target):
            return
        os.replace(target, aside)
    try:
        os.replace(new, target)
    except OSError:
        if aside.exists():
            os.replace(aside, target)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one operation; False where that cannot be done."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return done == 0
