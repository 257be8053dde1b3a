"""`JointRead`: a fast read that was sent; `wider`: how a read of many is a proof by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ashore.hardware.wire.doubt import Doubt
from ashore.hardware.wire.joint_reply import Shape, fast_length, shape
from ashore.hardware.wire.result import Result

Blocks = Mapping[int, tuple[int, int]]
"""Address and size that each servo is asked for."""

_WIDEST = 16  # bytes that a block may begin earlier than was asked for


@dataclass(kw_only=True)
class JointRead:
    """A fast read that was sent; its reply is one packet."""

    blocks: Blocks
    """What the caller asked for, of everybody."""
    request: Callable[[Blocks], bytes]
    """The instruction that asks for blocks."""
    asked: Blocks
    """What was really asked, and in which order; the others are in doubt."""
    more: int = 0
    """How many bytes earlier those blocks begin than the caller's."""
    doubted: frozenset[int] = frozenset()
    """Whom it is to prove."""
    first: bytes = b""
    """An instruction that nobody answers, sent ahead of the question."""
    sizes: Mapping[int, int] = field(init=False)
    """Bytes of each block that was asked."""
    shape: Shape = field(init=False)
    """What is known of the reply beforehand."""
    packet: bytes = field(init=False)
    """What is sent in one write: the instruction ahead, and the question if anybody is asked."""
    sent: float = 0.0
    """When that went out, on the monotonic clock [s]."""
    deadline: float = 0.0
    """Until when to wait, on the monotonic clock [s]."""
    raw: bytes = b""
    """What came."""
    collected: bool = False
    """Whether the wait for it is over."""
    results: dict[int, Result] = field(default_factory=dict)
    """What it says, of everybody asked for, once it is decoded."""

    def __post_init__(self) -> None:
        """Work out what the wait for the wire leaves time for, and the reply does not."""
        self.sizes = sizes_of(self.asked)
        self.shape = shape(tuple(self.sizes.values()))
        self.packet = self.first + self.request(self.asked) if self.asked else self.first

    @property
    def length(self) -> int:
        """Bytes of what is sent and of the reply."""
        return len(self.packet) + self.shape.length

    @property
    def whole(self) -> bool:
        """Whether as many bytes came as were asked for."""
        return not self.sizes or self.shape.is_whole(self.raw)

    @property
    def heard(self) -> bool:
        """Whether anybody began to answer."""
        return bool(self.sizes) and self.shape.has_begun(self.raw)

    @property
    def due(self) -> int:
        """What each servo asked owes until it answers: no status is as long as less than 0."""
        return -self.shape.length


def sizes_of(blocks: Blocks) -> dict[int, int]:
    """Return the size of each block."""
    return {servo: size for servo, (_, size) in blocks.items()}


def widened(blocks: Blocks, more: int) -> Blocks:
    """Return blocks that begin `more` bytes earlier, and end where they do."""
    return {servo: (address - more, size + more) for servo, (address, size) in blocks.items()}


def wider(doubt: Doubt, blocks: Blocks, *, jointly: bool) -> int | None:
    """Return how many bytes earlier blocks must begin for an answer that nothing stale is like.

    Such a read is a proof (`Doubt`) of everybody asked. None if it would be too early.
    """
    room = min(address for address, _ in blocks.values())
    owed = {servo: doubt.owes(servo) for servo in blocks}
    for more in range(min(room, _WIDEST) + 1):
        sizes = {servo: size + more for servo, (_, size) in blocks.items()}
        if jointly:
            sizes = dict.fromkeys(sizes, -fast_length(sizes.values()))
        # What lost its last byte on the way is not like it either.
        if not any({size, size + 1} & owed[servo] for servo, size in sizes.items()):
            return more
    return None
