"""What a command that must fail says."""

import pytest

from ashore.launch.cli import run


def refused(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 1) -> str:
    """The one sentence of a command that must fail, with a code."""
    found = run([str(argument) for argument in arguments])
    said = capsys.readouterr().err.strip()
    assert found == code
    assert said.startswith("ashore: ")
    assert len(said.splitlines()) == 1
    return said
