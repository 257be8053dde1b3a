"""`read_files`: the files of a bundle that somebody else may have made."""

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ashore.policies.errors import BundleError
from ashore.policies.storage.manifest import MANIFEST, Manifest
from ashore.policies.storage.strict_json import read_json
from ashore.policies.storage.whole_folder import left_aside

LARGEST = 64 << 20
"""Bytes of all files of a bundle together, at most."""
LARGEST_JSON = 4 << 20
"""Bytes of one of its JSON files, at most: what is parsed takes many times as much memory."""
NUMBERS = {
    **dict.fromkeys(("contract.json", "spec.json", "gymnasium.json"), True),
    **dict.fromkeys(("provenance.json", "verdict.json", "rehearsal.json"), True),
    **dict.fromkeys(("randomization.json", "posterior.json"), False),
}
"""JSON files, and whether their numbers must be finite: ranges may be open."""
WEIGHTS, CRITIC = "weights.safetensors", "critic.safetensors"


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def require_attachable(names: Iterable[str]) -> None:
    """Refuse attachments that would take the place of a bundle's own files.

    Raises:
        BundleError: naming the first.
    """
    for name in names:
        if name in (MANIFEST, WEIGHTS, CRITIC, *NUMBERS):
            raise BundleError(f"no attachment can be called {name}; choose another name")


def read_files(root: Path) -> tuple[dict[str, bytes], Manifest]:
    """Read every file that a bundle's manifest names, and check it against its SHA-256.

    Only small regular files inside the folder are read: no link is followed, and neither pipe nor
    device is opened.

    Raises:
        BundleError: a file is absent, changed, too large, not a file, or outside.
    """
    manifest = Manifest.from_bytes(_read(root, MANIFEST, LARGEST_JSON))
    require_attachable(manifest.attachments)
    files: dict[str, bytes] = {}
    left = LARGEST
    for name, digest in manifest.sha256.items():
        files[name] = _read(root, name, min(left, LARGEST_JSON) if name in NUMBERS else left)
        left -= len(files[name])
        if sha256(files[name]) != digest:
            raise BundleError(f"{name} was edited or damaged; restore it")
        if name in NUMBERS:
            _require_json(name, files[name])
    if missing := [name for name in manifest.attachments if name not in files]:
        raise BundleError(f"{MANIFEST} has no SHA-256 of {missing[0]!r}; make the bundle again")
    return files, manifest


def require_bundle(root: Path) -> None:
    """Refuse a place that holds no bundle.

    Raises:
        BundleError: saying where an older bundle was left, if a save was interrupted there.
    """
    if os.path.lexists(root / MANIFEST):
        return
    if (aside := left_aside(root)) is not None:
        raise BundleError(
            f"{root} is not a bundle: saving it was interrupted; the older one is {aside}: "
            "move it back"
        )
    raise BundleError(f"{root} is not a bundle: it has no {MANIFEST}")


def _require_json(name: str, content: bytes) -> None:
    try:
        read_json(content, finite=NUMBERS[name])
    except ValueError as error:
        raise BundleError(f"{name} is no sound JSON: {error}; make the bundle again") from None


def _read(root: Path, name: str, most: int) -> bytes:
    if not name or name.startswith(".") or Path(name).name != name or not name.isprintable():
        raise BundleError(f"{MANIFEST} names a file outside the bundle: {name!r}")
    path = root / name
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise BundleError(f"{name} is a link; copy the bundle with the file itself")
        if not stat.S_ISREG(mode):
            raise BundleError(f"{name} is no regular file; make the bundle again")
        with open(path, "rb", opener=_open) as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise BundleError(f"{name} is larger than the {most} bytes there is room for")
            return file.read(size)
    except FileNotFoundError:
        raise BundleError(f"it has lost {name}; make it again") from None
    except OSError as error:
        raise BundleError(f"{name} cannot be read: {error.strerror}") from None


def _open(path: str, flags: int) -> int:
    """Open a file that is no link, without waiting for whoever is at the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
