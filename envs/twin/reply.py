"""`Reply`: one packet that a device puts on the line."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """One packet of one servo, on its way to the host."""

    sender: int
    """Id of the servo that speaks; 254 for the joint packet of several."""
    data: bytes
    """The packet."""
    after: float = 0.0
    """Return delay: how long the sender waits behind the packet before it, or the request [s]."""
    together: bool = False
    """Whether it begins with the packet before it, not behind: two servos of one id collide."""


def joined(replies: Iterable[Reply]) -> bytes:
    """Return the packets of `replies` behind one another, as if none collided."""
    return b"".join(reply.data for reply in replies)
