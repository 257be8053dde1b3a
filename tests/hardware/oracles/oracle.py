"""Clients that nobody here wrote: how they are found, and how patient they are."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = Path(__file__).resolve().parent / "clients"
PLACE = Path(os.environ.get("ASHORE_ORACLES", ROOT / ".venv" / "oracles"))
"""Where `make oracles` puts the packages that cannot live side by side in one environment."""

ATTEMPTS = 5
"""How often a question that timed out is asked again: this machine may be busy."""


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip where one of the packages is not here."""
    absent = [name for name in names if not (PLACE / name).is_dir()]
    return pytest.mark.skipif(bool(absent), reason=f"no {', '.join(absent)}: run `make oracles`")


def insist(call: Callable[[], Any], good: Callable[[Any], bool], attempts: int = ATTEMPTS) -> Any:
    """Ask until the answer is a good one."""
    for _ in range(attempts):
        answer = call()
        if good(answer):
            return answer
    pytest.fail(f"no good answer in {attempts} attempts; the last: {answer}")


def visit(client: str, place: str, *packages: str) -> Any:
    """Run a script of `clients` with its packages in a process of its own; return what it saw."""
    paths = [str(PLACE / package) for package in packages]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, str(CLIENTS / f"{client}.py"), place]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
