"""Faults of the adapter, while they last: it is out of its socket, or nobody reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Unplug:
    """The servos' adapter is unplugged, and at the end plugged in again under another path."""


@dataclass(frozen=True, kw_only=True)
class Stall:
    """Nobody takes what the host sends, so that it piles up until the port's buffer is full."""
