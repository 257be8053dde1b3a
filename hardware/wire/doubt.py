"""`Doubt`: servos that timed out, until it is proved that nothing of theirs is still under way."""

from collections import deque
from collections.abc import Collection, Iterable
from itertools import cycle

_NUMBERS = range(6, 15)  # sizes of a read from address 0 in which no servo has a gap
_REMEMBERED = len(_NUMBERS) - 1
_LONGEST_ROW = 8  # joint reads in which one that stays silent is asked for once


class Doubt:
    """What each servo may still have under way.

    Replies carry no number, but they have a length, and those of one servo come in order. So a
    question whose answer has a length that nothing under way can have is a proof: behind its
    answer nothing stale is left.
    """

    def __init__(self) -> None:
        """Start without any doubt."""
        self._owed: dict[int, deque[int]] = {}
        self._unproved: dict[int, int] = {}
        self._skips: dict[int, int] = {}
        self._numbers = cycle(_NUMBERS)

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
        self._owed.setdefault(servo, deque(maxlen=_REMEMBERED)).append(size)

    def settle(self, servos: Iterable[int]) -> None:
        """Believe these again."""
        for servo in servos:
            self._owed.pop(servo, None)
            self._unproved.pop(servo, None)
            self._skips.pop(servo, None)

    def proof(self, servos: Collection[int], usual: int) -> int:
        """Return a length that nothing under way of `servos` has: `usual`, for one, if free."""
        owed = {size for servo in servos for size in self._owed.get(servo, ())}
        if usual not in owed and len(servos) == 1:
            return usual
        free = [size for size in _NUMBERS if size not in owed] or list(_NUMBERS)
        return next(size for size in self._numbers if size in free)

    def fail(self, servo: int, size: int) -> None:
        """Take note that a proof was not answered."""
        self.owe(servo, size)
        self._unproved[servo] = self._unproved.get(servo, 0) + 1
        self._skips[servo] = min(1 << self._unproved[servo], _LONGEST_ROW) - 1

    def due(self, servo: int) -> bool:
        """Return whether a joint read should ask for it: ever more rarely while it is silent."""
        if self._skips.get(servo, 0) > 0:
            self._skips[servo] -= 1
            return False
        return True
