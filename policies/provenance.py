"""`provenance`: who made a policy, with what, and what was measured."""

import platform
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("ashore", "mujoco", "torch", "stable-baselines3", "gymnasium", "numpy")


def provenance(config: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration, figures, versions, commit and time of what was just made."""
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "config": dict(config),
        "figures": dict(figures),
        "versions": versions(),
        "machine": platform.machine(),
        "commit": commit(),
    }


def versions() -> dict[str, str]:
    """Versions of what can change a result, for provenance and for bug reports."""
    found = {name: _version(name) for name in PACKAGES}
    return {**found, "python": platform.python_version()}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def commit() -> str:
    """Commit of the checkout this package is imported from, or `installed`."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return "installed"
    asked = ["git", "-C", str(here), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
