"""`Repeats`: events that may come at every tick, told without flooding the log."""

from collections import Counter
from dataclasses import dataclass

from ashore.hardware.logs.log_writer import LogWriter


@dataclass(kw_only=True)
class _Spell:
    """One kind of event, since it was last told."""

    since: float
    kind: str
    level: str
    text: str
    count: int = 0


class Repeats:
    """The first of its sort is logged at once; those that follow are counted, and told in one.

    A sort that goes on is told once a `window` with its latest sentence and how often it came; so
    the log tells of each sort twice a window at most.
    """

    def __init__(self, log: LogWriter, window: float = 1.0) -> None:
        """Write to `log`; `window` in s of the robot's clock."""
        self.log, self.window = log, window
        self.total: Counter[str] = Counter()
        self._spells: dict[str, _Spell] = {}

    def tell(
        self, time: float, sort: str, text: str, kind: str = "safety", level: str = "warning"
    ) -> None:
        """Tell that `text` happened, which is of `sort`: one of few words."""
        self.total[sort] += 1
        spell = self._spells.get(sort)
        if spell is not None and time - spell.since < self.window:
            spell.count += 1
            spell.text = text
            return
        if spell is not None:
            self._close(time, spell)
        self.log.event(time, level, kind, text)
        self._spells[sort] = _Spell(since=time, kind=kind, level=level, text=text)

    def flush(self, time: float) -> None:
        """Tell what is counted and not told yet."""
        spells, self._spells = self._spells, {}
        for spell in spells.values():
            self._close(time, spell)

    def _close(self, time: float, spell: _Spell) -> None:
        if spell.count:
            text = f"{spell.text}; {spell.count} more in the {time - spell.since:.1f} s before"
            self.log.event(time, spell.level, spell.kind, text, {"count": spell.count})
