"""`LineFault`: what goes wrong between the host and the servos."""

from collections.abc import Callable
from dataclasses import dataclass

from ashore.envs.twin.faults.when import Chance
from ashore.envs.twin.faults.wire import Part, Wire
from ashore.envs.twin.reply import Reply


@dataclass(frozen=True, kw_only=True)
class LineFault:
    """A kind of fault on the line; one that changes only replies, or only requests, says so."""

    def request(self, data: bytes, chance: Chance, wire: Wire) -> bytes:
        """Return what the servos hear of the host's `data`."""
        return data

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Return what the host hears of the servos' `replies`."""
        return replies


def each_part(
    replies: list[Reply],
    chance: Chance,
    wire: Wire,
    change: Callable[[Reply, Part], list[Reply]],
) -> list[Reply]:
    """Return `replies` with those changed that are struck; of a joint reply, in its first part.

    `change` returns what becomes of a reply that is struck in a part of it.
    """
    found: list[Reply] = []
    for reply in replies:
        parts = wire.parts(reply, chance)
        struck = next((part for part in parts if chance.strikes(wire.now)), None)
        found += [reply] if struck is None else change(reply, struck)
    return found
