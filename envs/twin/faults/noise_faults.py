"""Faults of requests and of what else is on the line: noise, an echo, somebody else's bytes."""

from dataclasses import dataclass, replace
from functools import cached_property

from ashore.envs.twin.faults.line_fault import LineFault, each_part
from ashore.envs.twin.faults.reply_faults import flipped, within
from ashore.envs.twin.faults.when import Chance
from ashore.envs.twin.faults.wire import Part, Wire
from ashore.envs.twin.reply import Reply
from ashore.hardware.tables import allowed
from ashore.hardware.wire.parser import BROADCAST

_PLACES = ("before", "inside", "after")


@dataclass(frozen=True, kw_only=True)
class Noise(LineFault):
    """Bytes that nobody sent, around a reply or within it."""

    where: str = "before"
    """Where in the reply: before, inside, after."""
    size: int = 8
    """How many, of any value."""
    data: str = ""
    """These bytes instead, two hexadecimal digits each."""

    def __post_init__(self) -> None:
        """Refuse places and bytes that there are not."""
        allowed("where", self.where, self.where in _PLACES, f"one of {', '.join(_PLACES)}")
        allowed("size", self.size, 1 <= self.size <= 4096, "1 to 4096 bytes")
        _require_hex(self.data)

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Put them in."""

        def disturb(reply: Reply, part: Part) -> list[Reply]:
            at = {"before": part.begin, "after": part.end}.get(self.where)
            at = within(part, chance.rng) if at is None else at
            noise = bytes.fromhex(self.data) or chance.rng.bytes(self.size)
            return [replace(reply, data=reply.data[:at] + noise + reply.data[at:])]

        return each_part(replies, chance, wire, disturb)


@dataclass(frozen=True, kw_only=True)
class Echo(LineFault):
    """The host hears itself ahead of the replies, as an adapter without a gate makes it."""

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Send the request back."""
        if not wire.request or not chance.strikes(wire.now):
            return replies
        return [Reply(BROADCAST, wire.request), *replies]


@dataclass(frozen=True, kw_only=True)
class Deaf(LineFault):
    """A request is lost on its way; no servo hears it."""

    def request(self, data: bytes, chance: Chance, wire: Wire) -> bytes:
        """Lose it."""
        return b"" if data and chance.strikes(wire.now) else data


@dataclass(frozen=True, kw_only=True)
class Garble(LineFault):
    """Bits of a request are turned over on its way."""

    bits: int = 1
    """How many."""

    def __post_init__(self) -> None:
        """Refuse to flip nothing."""
        allowed("bits", self.bits, 1 <= self.bits <= 64, "1 to 64")

    def request(self, data: bytes, chance: Chance, wire: Wire) -> bytes:
        """Turn bits over."""
        if not data or not chance.strikes(wire.now):
            return data
        return flipped(data, 0, len(data), self.bits, chance.rng)


@dataclass(frozen=True, kw_only=True)
class Stranger(LineFault):
    """Another program on the same line asks something ahead of a request; all hear all."""

    data: str = ""
    """What it says, two hexadecimal digits a byte; nothing is a ping of everyone."""

    def __post_init__(self) -> None:
        """Refuse what is not bytes."""
        _require_hex(self.data)

    @cached_property
    def _said(self) -> list[bytes]:
        """What it said and the host did not hear yet."""
        return []

    def request(self, data: bytes, chance: Chance, wire: Wire) -> bytes:
        """Let the servos hear it first."""
        if not data or not chance.strikes(wire.now):
            return data
        own = bytes.fromhex(self.data) or wire.protocol.ping(BROADCAST)
        self._said.append(own)
        return own + data

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Let the host hear it too."""
        heard = [Reply(BROADCAST, own) for own in self._said]
        self._said.clear()
        return [*heard, *replies]


def _require_hex(text: str) -> None:
    try:
        bytes.fromhex(text)
    except ValueError:
        allowed("data", text, False, 'pairs of hexadecimal digits, such as "FF FF FD 00"')
