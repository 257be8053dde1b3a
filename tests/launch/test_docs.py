"""Every command of the documentation is run, page by page, as somebody would who reads it."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PAGES = Path(__file__).resolve().parents[2] / "docs" / "pages"
TUTORIAL = ("train.md", "deploy.md", "replay.md", "robot.md", "log-format.md")
"""Pages with commands, in the order in which they are read: each goes on where the last ended."""
PATIENCE = 600.0


def blocks(page: str, language: str) -> list[str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where all pages are followed."""
    return tmp_path_factory.mktemp("reader")


def follow(script: str, folder: Path, command: list[str]) -> str:
    """Run a page's commands; whatever it left running ends with it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [*command, script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        # Its twin lives on in the same session, and keeps the output open.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    assert process.returncode == 0, said
    return said


@pytest.mark.parametrize("page", TUTORIAL)
def test_a_reader_can_follow_the_page(page, folder):
    # The shell ends the twin that it began: nobody reads on while it serves.
    begin = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    said = ""
    if commands := blocks(page, "sh"):
        said = follow(begin + "\n".join(commands), folder, ["bash", "-c"])
    for code in blocks(page, "python"):
        said += follow(code, folder, [sys.executable, "-c"])
    expected = {
        "train.md": "bundle: runs/servo-track/bundle",
        "deploy.md": "verdict: IMPROVED",
        "replay.md": "come out the same, bit for bit",
        "robot.md": "robots/rover",
        "log-format.md": "None",
    }
    assert expected[page] in said


def test_every_page_with_commands_is_followed():
    pages = {path.name for path in PAGES.glob("*.md")}
    told = {page for page in pages if blocks(page, "sh") or blocks(page, "python")}
    assert told == set(TUTORIAL)


def test_no_other_kind_of_block_hides_a_command():
    for path in PAGES.glob("*.md"):
        kinds = re.findall(r"^```(\w*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(kinds) <= {"", "sh", "python"}
        # A fence is opened by its kind, and closed by none.
        assert kinds.count("") == len(kinds) / 2


def test_what_the_pages_show_exists():
    for path in PAGES.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (path.parent / link).exists(), (path.name, link)
