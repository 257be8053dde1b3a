"""`find_bundle`: a bundle's folder, from a path or from the name of one that ships."""

import os
from importlib import resources
from pathlib import Path

from ashore.policies.errors import BundleError
from ashore.policies.storage.manifest import MANIFEST
from ashore.policies.storage.whole_folder import left_aside

FOLDER = "pretrained"
"""Where they are in this room; a module of that name would hide them from type checkers."""


def shipped_bundles() -> dict[str, Path]:
    """Bundles that come with the package, by the robot's name."""
    root = Path(str(resources.files("ashore.policies"))) / FOLDER
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{MANIFEST}"))}


def find_bundle(asked: str | Path) -> Path:
    """Folder of a bundle: a path that exists, else the name of a robot whose bundle ships.

    Raises:
        BundleError: it is neither; the message lists the names.
    """
    path, shipped = Path(asked), shipped_bundles()
    if os.path.lexists(path) or left_aside(path) is not None:
        return path
    if str(asked) in shipped:
        return shipped[str(asked)]
    known = f"shipped are {', '.join(shipped)}" if shipped else "none are shipped"
    raise BundleError(
        f"{asked} is not a bundle: there is no such folder, and {known}; "
        "make one with `ashore train`"
    )
