"""What a command that must fail says."""

import pytest

from ashore.hardware.run.state import Exit
from ashore.launch.cli import name_of, run
from ashore.launch.commands import DRIVING


def refused(capsys: pytest.CaptureFixture[str], *arguments: object, code: int | None = None) -> str:
    """The one sentence of a command that must fail; with 2 if it drives a robot, or else 1."""
    words = [str(argument) for argument in arguments]
    driving = Exit.BAD_INPUT if name_of(words) in DRIVING else 1
    found = run(words)
    said = capsys.readouterr().err.strip()
    assert found == (driving if code is None else code)
    assert said.startswith("ashore: ")
    assert len(said.splitlines()) == 1
    return said
