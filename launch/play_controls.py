"""`Controls`: what the keyboard, the panel's buttons and a script do to a player."""

from collections.abc import Callable, Collection

import numpy as np

from ashore.envs.play.command_script import CommandScript
from ashore.envs.play.player import Player
from ashore.envs.tasks.walk import FASTEST, SLOWEST

KEYS: dict[str, tuple[int, int]] = {
    "W": (0, 1),
    "S": (0, -1),
    "A": (1, 1),
    "D": (1, -1),
    "Q": (2, 1),
    "E": (2, -1),
    "UpArrow": (0, 1),
    "DownArrow": (0, -1),
    "LeftArrow": (2, 1),
    "RightArrow": (2, -1),
}
"""Keys that drive while they are held: which part of the command, and which way."""


class Controls:
    """Keys drive while they are held; a script drives until the first key does."""

    def __init__(self, player: Player, script: CommandScript | None = None) -> None:
        self.player, self.script = player, script
        self._whole_script, self._script_began = script, 0.0
        self.paused = False
        self._ways = np.zeros(3, dtype=np.intp)
        self._stuck: set[str] = set()
        self.actions: dict[str, Callable[[], None]] = {
            "Space": self.pause,
            "R": self.restart,
            "P": player.push,
            "N": player.next_plan,
        }

    def pause(self) -> None:
        """Let time stand still, or go on."""
        self.paused = not self.paused

    def restart(self) -> None:
        """Put the robot at a start again, and the script, if there was one, at its beginning."""
        self.player.restart()
        self.script, self._script_began = self._whole_script, self.player.clock

    @property
    def script_left(self) -> float:
        """How much of the script is left [s]; zero if nothing is, or keys drive."""
        if self.script is None:
            return 0.0
        return max(0.0, self.script.length - self._script_time)

    @property
    def _script_time(self) -> float:
        return self.player.clock - self._script_began

    def hold(self, held: Collection[str]) -> None:
        """Take the keys that are down now; only a change of them changes the command."""
        self._stuck &= set(held)
        ways = np.zeros(3, dtype=np.intp)
        for key in set(held) - self._stuck:
            if key in KEYS:
                part, way = KEYS[key]
                ways[part] += way
        ways = np.sign(ways)
        for part in np.flatnonzero(ways != self._ways).tolist():
            self.ask(part, float((SLOWEST, 0.0 * FASTEST, FASTEST)[ways[part] + 1][part]))
        self._ways = ways

    def let_go(self, held: Collection[str]) -> None:
        """The page is gone, and with it the hand: stand still until keys are pressed anew."""
        self._stuck = set(held)
        self.hold(held)

    def ask(self, part: int, value: float) -> None:
        """Command one part of the velocity; the script, if there is one, is over."""
        if self.player.drive is None:
            return
        self.script = None
        asked = self.player.drive.asked.copy()
        asked[part] = value
        self.player.drive.ask(asked)

    def step(self) -> None:
        """Let the player do one control period."""
        if self.script is not None and self.player.drive is not None:
            self.player.drive.ask(self.script.at(self._script_time))
        self.player.step()
