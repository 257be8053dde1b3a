"""`ashore play`."""

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ashore.envs.errors import PlayError
from ashore.envs.play.command_script import TOUR, CommandScript
from ashore.launch.clip_format import RATES, require_format
from ashore.launch.console import progress_bar, say
from ashore.launch.opengl import choose_opengl
from ashore.launch.play_request import PlayRequest
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

if TYPE_CHECKING:
    from ashore.envs.play.player import Player

Names = tuple[str, str]


def run_play(asked: PlayRequest) -> int:
    """Show a policy at work: in a page until Ctrl-C, or in a clip."""
    if asked.out is not None:
        require_format(asked.out)
        choose_opengl(os.environ)
    bundle = Bundle.load(find_bundle(asked.policy))
    script = _script(bundle, asked)
    from ashore.launch.play_cast import cast, names  # MuJoCo now knows what draws

    player, called = cast(bundle, asked), names(bundle, asked)
    if asked.out is None:
        _serve(player, script, called, asked.port)
    else:
        _film(player, script, called, asked.out)
    return 0


def _script(bundle: Bundle, asked: PlayRequest) -> CommandScript | None:
    """The commands of the script, if there is one; for a clip of a walk there always is."""
    walks = bundle.contract.task == "walk"
    if asked.script is not None and not walks:
        raise PlayError(
            f"{bundle.contract.robot} does {bundle.contract.task}, which follows plans of its own "
            "and no commands; leave out --script"
        )
    if asked.script is not None:
        return CommandScript.read(asked.script)
    return CommandScript.parse(TOUR, "the tour") if walks and asked.out else None


def _serve(player: "Player", script: CommandScript | None, called: Names, port: int) -> None:
    from ashore.envs.play.stage import Stage
    from ashore.launch.play_controls import Controls
    from ashore.launch.play_page import serve_page
    from ashore.launch.play_panel import Panel

    panel = Panel(Controls(player, script), *called)
    try:
        serve_page(Stage(player), panel, port, _announce)
    except KeyboardInterrupt:
        say("\nstopped")


def _announce(port: int) -> None:
    say(f"the robot is at http://localhost:{port}, for this machine only; Ctrl-C ends it")
    say(f"from another one: ssh -L {port}:localhost:{port} to here, then the same address there")


def _film(player: "Player", script: CommandScript | None, called: Names, out: Path) -> None:
    from ashore.launch.clip_file import write_clip
    from ashore.launch.play_clip import film

    began, rate = time.monotonic(), RATES[out.suffix.lower()]
    with progress_bar() as bar:
        size = write_clip(out, film(player, script, called, rate, partial(bar, "drawing")))
    fell = f", {player.falls} falls" if player.falls else ""
    say(
        f"{out}: {player.clock:.1f} s, {size / 1e6:.2f} MB{fell}; "
        f"drawn in {time.monotonic() - began:.0f} s"
    )
