"""Faults of replies: lost, damaged, cut, doubled, out of order, late, slow or in pieces."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ashore.envs.twin.faults.line_fault import LineFault, each_part
from ashore.envs.twin.faults.when import Chance
from ashore.envs.twin.faults.wire import Part, Wire
from ashore.envs.twin.reply import Reply
from ashore.hardware.tables import allowed


def flipped(data: bytes, begin: int, end: int, bits: int, rng: np.random.Generator) -> bytes:
    """Return `data` with so many bits turned over between two of its bytes."""
    changed = bytearray(data)
    room = 8 * (end - begin)
    for bit in rng.choice(room, min(bits, room), replace=False).tolist():
        changed[begin + bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def within(part: Part, rng: np.random.Generator) -> int:
    """Return a place between two bytes of a part; behind it if it has but one."""
    return part.begin + 1 + int(rng.integers(max(part.end - part.begin - 1, 1)))


@dataclass(frozen=True, kw_only=True)
class Drop(LineFault):
    """A reply is lost; in a joint reply a servo says nothing, and so do those behind it."""

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Leave them out."""

        def cut(reply: Reply, part: Part) -> list[Reply]:
            first = next((p for _, p in wire.blocks(reply)), part) if part.joint else part
            if part.begin <= first.begin:
                return []
            return [replace(reply, data=reply.data[: part.begin])]

        return each_part(replies, chance, wire, cut)


@dataclass(frozen=True, kw_only=True)
class Flip(LineFault):
    """Bits of a reply are turned over."""

    bits: int = 1
    """How many."""

    def __post_init__(self) -> None:
        """Refuse to flip nothing."""
        allowed("bits", self.bits, 1 <= self.bits <= 64, "1 to 64")

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Turn bits over."""

        def flip(reply: Reply, part: Part) -> list[Reply]:
            data = flipped(reply.data, part.begin, part.end, self.bits, chance.rng)
            return [replace(reply, data=data)]

        return each_part(replies, chance, wire, flip)


@dataclass(frozen=True, kw_only=True)
class Truncate(LineFault):
    """A reply ends somewhere within; in a joint reply those behind are lost with it."""

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Cut them off."""

        def cut(reply: Reply, part: Part) -> list[Reply]:
            kept = within(part, chance.rng)
            return [replace(reply, data=reply.data[:kept])]

        return each_part(replies, chance, wire, cut)


@dataclass(frozen=True, kw_only=True)
class Short(LineFault):
    """A reply has less data than it was asked for, and says so itself; its checksum is true."""

    lost: int = 1
    """Bytes of data that are missing."""

    def __post_init__(self) -> None:
        """Refuse to lose nothing."""
        allowed("lost", self.lost, self.lost >= 1, "1 or more bytes")

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Take data away."""
        return each_part(
            replies, chance, wire, lambda reply, part: [wire.shortened(reply, part, self.lost)]
        )


@dataclass(frozen=True, kw_only=True)
class Duplicate(LineFault):
    """A reply comes twice."""

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Repeat them at once."""
        return each_part(
            replies, chance, wire, lambda reply, _: [reply, replace(reply, together=False)]
        )


@dataclass(frozen=True, kw_only=True)
class Reorder(LineFault):
    """A reply comes behind the one that should follow it."""

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Let them change places."""
        found = list(replies)
        at = 0
        while at + 1 < len(found):
            if wire.parts(found[at], chance) and chance.strikes(wire.now):
                found[at : at + 2] = found[at + 1], found[at]
                at += 1
            at += 1
        return found


@dataclass(frozen=True, kw_only=True)
class Late(LineFault):
    """A reply comes when nobody waits for it any more, and so do those behind it.

    They come ahead of the replies to a later request; nothing overtakes on a wire.
    """

    requests: int = 1
    """How many requests later."""

    def __post_init__(self) -> None:
        """Refuse what is not late."""
        allowed("requests", self.requests, 1 <= self.requests <= 100, "1 to 100")

    @cached_property
    def _held(self) -> list[Reply]:
        """What is held back."""
        return []

    @cached_property
    def _left(self) -> list[int]:
        """For how many requests yet."""
        return [0]

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Hold them back, and let them go when their time has come."""
        if self._held:
            self._left[0] -= 1
            self._held.extend(replies)
            return [] if self._left[0] else self._release()
        for place, reply in enumerate(replies):
            if wire.parts(reply, chance) and chance.strikes(wire.now):
                self._left[0] = self.requests
                self._held.extend(replies[place:])
                return replies[:place]
        return replies

    def _release(self) -> list[Reply]:
        come = [replace(reply, after=0.0) for reply in self._held]
        self._held.clear()
        return come


@dataclass(frozen=True, kw_only=True)
class Delay(LineFault):
    """A reply takes longer than it should, and those behind it wait; on a twin that is paced."""

    seconds: float
    """How much longer [s]."""

    def __post_init__(self) -> None:
        """Refuse what is no delay."""
        allowed("seconds", self.seconds, 0.0 < self.seconds <= 60.0, "above 0, up to 60 s")

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Let them wait."""

        def wait(reply: Reply, _: Part) -> list[Reply]:
            wire.slow = True
            return [replace(reply, after=reply.after + self.seconds)]

        return each_part(replies, chance, wire, wait)


@dataclass(frozen=True, kw_only=True)
class Split(LineFault):
    """A reply comes a byte at a time; on a twin that is paced."""

    seconds: float = 0.001
    """Pause between two of its bytes [s]."""

    def __post_init__(self) -> None:
        """Refuse pauses that cannot be."""
        allowed("seconds", self.seconds, 0.0 <= self.seconds <= 1.0, "0 to 1 s")

    def replies(self, replies: list[Reply], chance: Chance, wire: Wire) -> list[Reply]:
        """Send every byte as a packet of its own."""

        def split(reply: Reply, _: Part) -> list[Reply]:
            wire.slow = True
            pauses = [reply.after] + [self.seconds] * (len(reply.data) - 1)
            pieces = zip(reply.data, pauses, strict=True)
            return [replace(reply, data=bytes([byte]), after=after) for byte, after in pieces]

        return each_part(replies, chance, wire, split)
