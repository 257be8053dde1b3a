"""`Doubt`: servos that timed out, until it is proved that nothing of theirs is still under way."""

from collections.abc import Callable, Collection, Iterable

NUMBERS = range(6, 15)
"""Sizes of a read from address 0 in which no servo's table has a gap."""
REST = 2.0
"""Time after which whatever was late is here, or lost [s]."""

_LONGEST_ROW = 8  # joint reads in which one that stays silent is asked for once


class Doubt:
    """What each servo may still have under way.

    Replies carry no number, but they have a length, and those of one servo come in order. So a
    question whose answer has a length that nothing under way can have is a proof: behind its
    answer nothing stale is left. A servo that left a proof of every length unanswered is asked
    nothing for `REST`, after which nothing can be under way.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """Start without any doubt; `now` is the time [s]."""
        self._now = now
        self._owed: dict[int, set[int]] = {}
        self._unproved: dict[int, int] = {}
        self._skips: dict[int, int] = {}
        self._rest: dict[int, float] = {}
        self._number = 0

    def __len__(self) -> int:
        """Return how many servos are in doubt."""
        return len(self._owed)

    def __contains__(self, servo: int) -> bool:
        """Return whether a servo is in doubt."""
        return servo in self._owed

    def fresh(self, servo: int) -> bool:
        """Return whether no proof was asked of it in vain yet."""
        return servo not in self._unproved

    def likeliest(self, servos: Iterable[int]) -> list[int]:
        """Return `servos`, those that were asked in vain least often first."""
        return sorted(servos, key=lambda servo: self._unproved.get(servo, 0))

    def owe(self, servo: int, size: int) -> None:
        """Take note that an answer of `size` bytes did not come in time."""
        owed = self._owed.setdefault(servo, set())
        owed.add(size)
        if owed.issuperset(NUMBERS):
            self._rest[servo] = self._now() + REST

    def settle(self, servos: Iterable[int]) -> None:
        """Believe these again."""
        for servo in servos:
            for memory in (self._owed, self._unproved, self._skips, self._rest):
                memory.pop(servo, None)

    def proof(self, servos: Collection[int], usual: int) -> int | None:
        """Return a length that nothing under way of `servos` has: `usual`, for one, if free.

        None if there is none: they must rest.
        """
        owed = {size for servo in servos for size in self._owed.get(servo, ())}
        if usual not in owed and len(servos) == 1:
            return usual
        for _ in NUMBERS:
            self._number += 1
            size = NUMBERS[self._number % len(NUMBERS)]
            if size not in owed:
                return size
        return None

    def fail(self, servo: int, size: int) -> None:
        """Take note that a proof was not answered."""
        self.owe(servo, size)
        self._unproved[servo] = self._unproved.get(servo, 0) + 1
        self._skips[servo] = min(1 << self._unproved[servo], _LONGEST_ROW) - 1

    def rests(self, servo: int) -> bool:
        """Return whether a servo must be asked nothing yet."""
        if servo not in self._rest:
            return False
        if self._now() < self._rest[servo]:
            return True
        del self._rest[servo]
        self._owed[servo].clear()
        return False

    def due(self, servo: int) -> bool:
        """Return whether a joint read should ask for it: ever more rarely while it is silent."""
        if self._skips.get(servo, 0) > 0:
            self._skips[servo] -= 1
            return False
        return True
