"""`ashore import`."""

from collections.abc import Sequence
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.importers.bam import import_bam
from ashore.hardware.importers.puppersim import import_puppersim
from ashore.launch.console import say

ARCHIVE = ".npz"


def run_import(files: Sequence[Path], out: Path, held: bool = False) -> int:
    """Write an MCAP log for each file: BAM's JSON, or puppersim's archives."""
    found = [path for given in files for path in _expand(given)]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogError(f"cannot make folder {out}: {error.strerror}; choose another") from None
    for path in found:
        target = out / f"{path.stem}.mcap"
        if path.suffix == ARCHIVE:
            import_puppersim(path, target, held)
        else:
            import_bam(path, target)
        say(f"{path} -> {target}")
    return 0


def _expand(given: Path) -> list[Path]:
    if not given.is_dir():
        return [given]
    found = sorted([*given.glob("*.json"), *given.glob(f"*{ARCHIVE}")])
    if not found:
        raise LogError(f"folder {given} holds no .json or .npz file; give the folder of the logs")
    return found
