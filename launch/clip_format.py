"""`require_format`: the kinds of file that a clip can be."""

import shutil
from pathlib import Path

from ashore.envs.errors import PlayError

RATES = {".html": 16.7, ".webp": 25.0, ".gif": 12.5, ".mp4": 25.0}
"""Pictures a second of each kind of file [1/s]; ten seconds of any are under 3 MB."""


def require_format(path: Path) -> None:
    """Refuse a clip that cannot be written, before anything is drawn.

    Raises:
        PlayError: another kind of file, a folder that does not exist, or no ffmpeg for an .mp4.
    """
    if path.suffix.lower() not in RATES:
        raise PlayError(f"a clip cannot be {path.name!r}; let it end in {', '.join(RATES)}")
    if not path.parent.is_dir():
        raise PlayError(f"there is no folder {path.parent} for the clip; make it first")
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        raise PlayError(
            "an .mp4 needs ffmpeg, which is not installed (Debian: ffmpeg); "
            "let --out end in .webp, .gif or .html instead"
        )
