"""`ashore completion`: what a shell asks when Tab is pressed, as a script that asks nobody."""

import io
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress

from ashore.launch.cli import call
from ashore.launch.commands import COMMANDS

_OPTION = re.compile(r"^[│ ] (--?\w[^ ,]*(?:, -[^ ,]+)*)(?: \{([^}]*)\}(?!\|))?", re.MULTILINE)
"""A line of a help text: an option's names, and the values it takes if they are few."""
_WIDE = "200"
"""Columns in which no option's values are broken; of more, boxes would stand side by side."""

SCRIPT = """# Tab completion of ashore; from `ashore completion {shell}`.
{begin}_ashore() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local command="${{COMP_WORDS[1]}}" known=""
    case "$command" in {groups}) command="$command ${{COMP_WORDS[2]}}" ;; esac
    if [ "$COMP_CWORD" -eq 1 ]; then
        known={firsts}
    elif [ "$COMP_CWORD" -eq 2 ]; then
        case "${{COMP_WORDS[1]}}" in
{seconds}
        esac
    fi
    if [ -z "$known" ]; then
        case "$command $before" in
{values}
        esac
    fi
    if [ -z "$known" ] && [ "${{current#-}}" != "$current" ]; then
        case "$command" in
{options}
        esac
    fi
    COMPREPLY=($(compgen -W "$known" -- "$current"))
}}
complete -o default -F _ashore ashore
"""
"""For bash, and for zsh by its own emulation; where nothing is known the shell offers files."""


def script(shell: str) -> str:
    """The script for a shell, `bash` or `zsh`."""
    options = {name: _options(name) for name in COMMANDS}
    groups: dict[str, list[str]] = {}
    for name in COMMANDS:
        if " " in name:
            group, second = name.split(" ")
            groups.setdefault(group, []).append(second)
    values = {
        f"{name} {option}": " ".join(choices)
        for name, found in options.items()
        for option, choices in found.items()
        if choices
    }
    return SCRIPT.format(
        shell=shell,
        begin="autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else "",
        groups="|".join(groups),
        firsts=shlex.quote(" ".join(sorted({name.split(" ")[0] for name in COMMANDS}))),
        seconds=_cases({group: " ".join(seconds) for group, seconds in groups.items()}),
        values=_cases(values),
        options=_cases({name: " ".join(found) for name, found in options.items()}),
    )


def _cases(words: Mapping[str, str]) -> str:
    """Arms of a shell's `case`."""
    arms = [f"{shlex.quote(key)}) known={shlex.quote(each)} ;;" for key, each in words.items()]
    return "\n".join(f"            {arm}" for arm in arms)


def _options(name: str) -> dict[str, list[str]]:
    """Options of a command by its own help, and the values that each takes if they are few."""
    said, before = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _WIDE
    try:
        with redirect_stdout(said), suppress(SystemExit):
            call([*name.split(" "), "--help"])
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return {
        option: [choice for choice in choices.split(",") if choice not in ("", "None")]
        for names, choices in _OPTION.findall(said.getvalue())
        for option in names.split(", ")
        if option.startswith("--")
    }
