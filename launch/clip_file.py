"""`write_clip`: pictures into one file that a browser, a README or a talk shows."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ashore.envs.errors import PlayError
from ashore.launch.clip_page import clip_page

QUALITY = 45
"""Of pictures in WebP, of 100."""
GIF_SIZE = (400, 300)
"""GIF compresses badly: it gets smaller pictures."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Pictures that are drawn as they are asked for."""

    pictures: Iterator[Image.Image]
    """One after another, all of one size."""
    period: float
    """How long each is shown [s]."""
    title: str
    """What it shows."""


def write_clip(path: Path, clip: Clip) -> int:
    """Write a clip whole or not at all; return its size in bytes.

    Raises:
        PlayError: it cannot be written.
    """
    write = {".html": _html, ".webp": _webp, ".gif": _gif, ".mp4": _mp4}[path.suffix.lower()]
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as near:
            made = Path(near, path.name)
            write(made, clip)
            made.replace(path)
    except OSError as error:
        raise PlayError(f"cannot write the clip {path}: {error.strerror or error}") from None
    return path.stat().st_size


def _html(path: Path, clip: Clip) -> None:
    path.write_text(clip_page(clip.pictures, clip.period, clip.title, QUALITY), encoding="utf-8")


def _webp(path: Path, clip: Clip) -> None:
    first = next(clip.pictures)
    shown = round(1e3 * clip.period)
    first.save(
        path,
        save_all=True,
        append_images=clip.pictures,
        duration=shown,
        loop=0,
        quality=QUALITY,
        method=4,
    )


def _gif(path: Path, clip: Clip) -> None:
    pictures = (picture.resize(GIF_SIZE) for picture in clip.pictures)
    plain = Image.Dither.NONE
    first = next(pictures).quantize(256, Image.Quantize.FASTOCTREE, dither=plain)
    rest = (picture.quantize(palette=first, dither=plain) for picture in pictures)
    shown = round(1e3 * clip.period)
    first.save(path, save_all=True, append_images=rest, duration=shown, loop=0, optimize=True)


def _mp4(path: Path, clip: Clip) -> None:
    first = next(clip.pictures)
    size, rate = f"{first.width}x{first.height}", f"{1.0 / clip.period:g}"
    command = ["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", size, "-r", rate, "-i", "-", "-pix_fmt", "yuv420p", "-crf", "26"]
    command += ["-movflags", "+faststart", str(path)]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    stdin, stderr = encoder.stdin, encoder.stderr
    if stdin is None or stderr is None:
        raise PlayError("ffmpeg could not be started; let --out end in .webp instead")
    try:
        for picture in (first, *clip.pictures):
            stdin.write(picture.tobytes())
        stdin.close()
    except BrokenPipeError:
        pass
    said = stderr.read().decode(errors="replace").strip().splitlines()
    if encoder.wait():
        raise PlayError(f"ffmpeg failed: {said[-1] if said else 'it said nothing'}")
