"""Bytes as the levels of a serial line, for packets that two servos send at once."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BITS = 10
"""Bits that a byte takes: a start bit, eight, a stop bit."""

Levels = NDArray[np.bool_]


def levels(data: bytes) -> Levels:
    """Return the line's levels under `data`, one a bit: start low, least bit first, stop high."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8)[:, None], axis=1, bitorder="little")
    framed = np.ones((len(data), BITS), np.bool_)
    framed[:, 0] = False
    framed[:, 1:9] = bits
    return framed.reshape(-1)


def heard(line: Levels) -> bytes:
    """Return what a receiver makes of `line`, which rests high before and after.

    It begins a byte at a low level, and takes the next eight for its bits; a byte whose stop bit
    is low is handed on as it is, and the next begins only after the line was high.
    """
    line = np.append(line, np.ones(BITS, np.bool_))
    found, at = bytearray(), 0
    while at + BITS <= len(line):
        if line[at]:
            at += 1
            continue
        found += np.packbits(line[at + 1 : at + 9], bitorder="little").tobytes()
        at += BITS - 1
        while at < len(line) and not line[at]:
            at += 1
    return bytes(found)


def collided(packets: Iterable[tuple[int, bytes]]) -> bytes:
    """Return what is heard of packets that begin some bits after one moment, `(bits, packet)`.

    The line is low where any sender pulls it low, so equal packets that begin together pass.
    """
    drawn = [(begin, levels(packet)) for begin, packet in packets]
    line = np.ones(max(begin + len(level) for begin, level in drawn), np.bool_)
    for begin, level in drawn:
        line[begin : begin + len(level)] &= level
    return heard(line)
