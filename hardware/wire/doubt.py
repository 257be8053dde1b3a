"""`Doubt`: servos that timed out, until it is proved that nothing of theirs is still under way."""

from collections.abc import Callable, Collection, Iterable

NUMBERS = range(4, 15)
"""Sizes of a read from address 0 in which no servo's table has a gap."""
REST = 2.0
"""Time after which whatever was late is here, or lost [s]."""

_BRIEF = 3  # proofs asked in vain after which a servo is gone, rather than interrupted
_LONGEST_ROW = 8  # joint reads in which one that stays silent is asked for once


class Doubt:
    """What each servo may still have under way.

    Replies carry no number, but they have a length, and those of one servo come in order. So a
    question whose answer has a length that nothing under way can have is a proof: behind its
    answer nothing stale is left. Proofs are reads of every length in turn, and no pings, for those
    are what another program on the line asks of everyone. A length that was left unanswered can be
    none for `REST`, after which it cannot be under way; while that is so of all, a servo is asked
    nothing.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """Start without any doubt; `now` is the time [s]."""
        self._now = now
        self._owed: dict[int, dict[int, float]] = {}
        self._unproved: dict[int, int] = {}
        self._skips: dict[int, int] = {}
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

    def brief(self, servo: int) -> bool:
        """Return whether it may be silent for no longer than a run bears."""
        return self.vain(servo) <= _BRIEF

    def vain(self, servo: int) -> int:
        """Return how many proofs were asked of a servo in vain."""
        return self._unproved.get(servo, 0)

    def likeliest(self, servos: Iterable[int]) -> list[int]:
        """Return `servos`, those that were asked in vain least often first."""
        return sorted(servos, key=self.vain)

    def owe(self, servo: int, size: int) -> None:
        """Take note that an answer of `size` bytes did not come in time."""
        self._owed.setdefault(servo, {})[size] = self._now()

    def owes(self, servo: int) -> set[int]:
        """Return the lengths that a servo may have under way."""
        since = self._now() - REST
        return {size for size, when in self._owed.get(servo, {}).items() if when > since}

    def settle(self, servos: Iterable[int]) -> None:
        """Believe these again."""
        for servo in servos:
            for memory in (self._owed, self._unproved, self._skips):
                memory.pop(servo, None)

    def prove(self, servos: Iterable[int], asked: float) -> None:
        """Believe those again who answered a proof, if they fell in doubt before it was `asked`."""
        self.settle(
            servo for servo in servos if max(self._owed.get(servo, {}).values(), default=0) <= asked
        )

    def proof(self, servos: Collection[int]) -> int | None:
        """Return a length that nothing under way of `servos` has; None if there is none.

        Nor, if that can be, has anything that lost its last byte on the way.
        """
        owed = set[int]().union(*map(self.owes, servos))
        free = [size for size in NUMBERS if size not in owed]
        best = [size for size in free if size + 1 not in owed] or free
        self._number += 1
        # The next in turn.
        turn = NUMBERS[self._number % len(NUMBERS)]
        return min(best, key=lambda size: (size - turn) % len(NUMBERS), default=None)

    def fail(self, servo: int, size: int) -> None:
        """Take note that a proof was not answered."""
        self.owe(servo, size)
        self._unproved[servo] = self._unproved.get(servo, 0) + 1
        row = 1 << max(self._unproved[servo] - _BRIEF, 0)
        self._skips[servo] = min(row, _LONGEST_ROW) - 1

    def rests(self, servo: int) -> bool:
        """Return whether a servo must be asked nothing yet."""
        return self.owes(servo).issuperset(NUMBERS)

    def due(self, servo: int) -> bool:
        """Return whether a joint read should ask for it: ever more rarely while it is silent."""
        if self._skips.get(servo, 0) > 0:
            self._skips[servo] -= 1
            return False
        return True
