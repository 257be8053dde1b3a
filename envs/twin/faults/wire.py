"""`Wire`: what a fault on the line can see of the exchange that it spoils."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ashore.envs.twin.faults.when import Chance
from ashore.envs.twin.reply import Reply
from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.parser import BROADCAST, Frame
from ashore.hardware.wire.protocol import PROTOCOLS, ProtocolName

_FRONT, _AROUND = 8, 4  # bytes of a joint reply ahead of its blocks, and around a block's data
_COARSE = 0.005  # what a twin's time may be behind the line's, which has no physics steps [s]
_STATUS = {"dynamixel2": dynamixel.status, "feetech": feetech.status}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one servo, or several, say in a packet."""

    begin: int
    """First byte of it in the packet."""
    end: int
    """First byte behind it."""
    joint: bool
    """Whether others speak in the same packet, behind it."""


class Wire:
    """The last request, its moment, and how the replies to it are made up."""

    def __init__(self, protocol: ProtocolName) -> None:
        """Hear nothing yet."""
        self.protocol = PROTOCOLS[protocol]
        self.now = 0.0
        """Time of the exchange [s]."""
        self.request = b""
        """What the host sent last."""
        self.slow = False
        """Whether a fault let a reply to it wait."""
        self._free = 0.0
        self._status = _STATUS[protocol]
        self._fast = dynamixel.Parser() if protocol == "dynamixel2" else None
        self._asked: dict[int, int] = {}

    def hear(self, data: bytes, now: float) -> None:
        """Take a request in, whole or a piece of it."""
        self.request, self.now, self.slow = data, now, False
        for frame in () if self._fast is None else self._fast.feed(data):
            if frame.instruction == Instruction.FAST_SYNC_READ:
                size = int.from_bytes(frame.params[2:4], "little")
                self._asked = dict.fromkeys(frame.params[4:], size)
            elif frame.instruction == Instruction.FAST_BULK_READ:
                self._asked = _bulk(frame)

    def in_order(self, replies: list[Reply]) -> list[Reply]:
        """Let `replies` wait for slow ones before them; nothing overtakes on a wire."""
        wait = self._free - self.now
        if replies and (self.slow or wait > 0.0):
            first = replace(replies[0], after=max(replies[0].after, wait))
            replies = [first, *replies[1:]]
            self._free = self.now + sum(reply.after for reply in replies) + _COARSE
        return replies

    def parts(self, reply: Reply, chance: Chance) -> list[Part]:
        """Return what a fault strikes in `reply`: all of it, or parts of those whom it reaches."""
        whole = Part(begin=0, end=len(reply.data), joint=False)
        if reply.sender != BROADCAST or not chance.when.joints:
            return [whole] if chance.reaches(reply.sender) else []
        return [part for servo, part in self.blocks(reply) if chance.reaches(servo)]

    def blocks(self, reply: Reply) -> Iterator[tuple[int, Part]]:
        """Go through what each servo says in a joint reply."""
        begin = _FRONT
        for servo, size in self._asked.items():
            end = begin + _AROUND + size
            if end > len(reply.data):
                return
            yield servo, Part(begin=begin, end=end, joint=True)
            begin = end

    def shortened(self, reply: Reply, part: Part, lost: int) -> Reply:
        """Return `reply` with `lost` bytes of data less in a part, its checksums true."""
        if not part.joint:
            for frame in self.protocol.parser().feed(reply.data):
                data = self._status(frame.id, frame.error, frame.params[: -lost or None])
                return replace(reply, data=data)
            return reply
        packet = _sealed(reply.data[: max(part.end - 2 - lost, part.begin + 2)])
        for _, later in self.blocks(reply):
            if later.begin >= part.end:
                packet = _sealed(packet + reply.data[later.begin : later.end - 2])
        return replace(reply, data=packet)


def _sealed(packet: bytes) -> bytes:
    return packet + dynamixel.crc16(packet).to_bytes(2, "little")


def _bulk(frame: Frame) -> dict[int, int]:
    blocks = [frame.params[at : at + 5] for at in range(0, len(frame.params) - 4, 5)]
    return {block[0]: int.from_bytes(block[3:], "little") for block in blocks}
