"""Commands for the shell that calls the others."""

from typing import Literal

import tyro

from ashore.launch.console import say

Shell = tyro.conf.Positional[Literal["bash", "zsh"]]


def completion(shell: Shell, /) -> int:
    """Print what completes commands and options when Tab is pressed.

    For bash: ashore completion bash > ~/.local/share/bash-completion/completions/ashore
    For zsh: source <(ashore completion zsh)

    Args:
        shell: which shell it is for.
    """
    from ashore.launch.completing import script

    say(script(shell))
    return 0
