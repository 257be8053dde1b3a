"""What Tab completes, in a real shell."""

import shutil
import subprocess

import pytest

from ashore.launch.commands import COMMANDS
from ashore.launch.completing import script

TRY = """
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _ashore; echo "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    """What bash offers behind some words, the last of them begun."""
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    place = tmp_path_factory.mktemp("shell") / "ashore"
    place.write_text(script("bash") + TRY)

    def offered(*words: str) -> list[str]:
        command = ["bash", str(place), "ashore", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return offered


def test_commands_are_completed_and_those_of_a_group(tab):
    assert set(tab("")) == {name.split(" ")[0] for name in COMMANDS}
    assert tab("re") == ["record", "recover", "replay"]
    assert tab("log", "c") == ["check", "cut"]
    assert tab("servo", "") == ["read", "write", "reboot"]


def test_options_are_completed_and_values_where_there_are_few(tab):
    assert {"--policy", "--out", "--rung", "--no-watch", "--help"} <= set(tab("adapt", "x", "--"))
    assert tab("log", "cut", "x", "--epi") == ["--episodes"]
    assert tab("adapt", "x", "--rung", "") == ["ladder", "head", "block", "low_rank", "all"]
    assert tab("log", "export", "a", "b", "--format", "p") == ["parquet"]


def test_where_nothing_is_known_the_shell_offers_files(tab):
    assert tab("replay", "") == []
    assert tab("adapt", "x", "--steps", "") == []
    assert "complete -o default -F _ashore ashore" in script("bash")


def test_zsh_is_told_to_understand_it():
    assert script("zsh").splitlines()[1] == "autoload -U +X bashcompinit && bashcompinit"
