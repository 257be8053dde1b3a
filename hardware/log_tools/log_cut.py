"""`cut`: a stretch of a log, as a log of its own."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_copy import LogCopy
from ashore.hardware.log_tools.new_log import new_log
from ashore.hardware.logs.log_columns import parse
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import EVENT, READING

STATE, RUNNING = "state", "running"
"""Kind of the events that say what a run does, and their text where an episode begins."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What came of a cut."""

    kept: int
    """Messages that are in the new log."""
    left_out: int
    """Messages that are not."""
    lost: int
    """Messages known to be missing between those that were kept."""
    damage: str | None
    """What is wrong with the log that was cut, or None."""


@dataclass(frozen=True)
class _Stretch:
    """Robot's clock [ns] of what is kept: from `begin` on, and before `end`."""

    begin: float
    end: float
    last: int | None = None
    """Number of the event that ends the last episode; it is kept as well."""

    def __contains__(self, message: LogMessage) -> bool:
        ending = message.topic == EVENT and message.sequence == self.last
        return ending or self.begin <= message.stamps[1] < self.end


def cut(
    path: str | Path,
    out: str | Path,
    *,
    seconds: tuple[float, float] = (-math.inf, math.inf),
    episodes: tuple[int, int] | None = None,
    all_events: bool = False,
) -> Cut:
    """Copy the messages of a stretch, byte for byte, to the new log `out`, and say so in an event.

    Args:
        path: the log.
        out: the log to write.
        seconds: from when on, and before when, counted from the first reading [s].
        episodes: first and last episode that is kept, counted from 1, instead of `seconds`.
        all_events: keep all events, also those outside.

    Raises:
        LogError: `path` is no log, its header is damaged, it has no such stretch, `out` exists or
            cannot be written.
    """
    whole = LogScan(path)
    messages = iter(whole)
    head = next(messages, None)
    if head is None or whole.bad_header:
        raise LogError(f"cannot cut {path}: {whole.bad_header or 'it holds no message'}")
    origin = _origin(path)
    stretch = _episodes(path, *episodes) if episodes else _times(path, origin, *seconds)
    with new_log(out, whole.header) as file:
        copy = LogCopy(file)
        for message in _chain(head, messages):
            if message in stretch or (all_events and message.topic == EVENT):
                copy.keep(message)
            else:
                copy.leave_out(message)
        if copy.kept == 0:
            raise LogError(f"{path} holds no message there; `ashore log info` says how long it is")
        asked = _said(stretch, origin, episodes)
        copy.say(
            f"cut from {Path(path).name}: {asked}",
            {"source": Path(path).name, "kept": copy.kept, "left_out": copy.left_out}
            | {"lost": copy.lost, "damage": whole.damage},
            level="warning" if whole.damage else "info",
        )
    return Cut(kept=copy.kept, left_out=copy.left_out, lost=copy.lost, damage=whole.damage)


def _chain(head: LogMessage, rest: Iterator[LogMessage]) -> Iterator[LogMessage]:
    yield head
    yield from rest


def _origin(path: str | Path) -> int:
    """Robot's clock at the first reading, or in a log without one at the first message [ns]."""
    first: int | None = None
    for message in LogScan(path):
        if message.topic == READING:
            return message.stamps[1]
        first = message.stamps[1] if first is None else first
    return first or 0


def _times(path: str | Path, origin: int, begin: float, end: float) -> _Stretch:
    if not begin < end:
        raise LogError(
            f"cannot cut {path} from {begin:g} s to {end:g} s; the end must be behind the beginning"
        )
    # Rounded, so that the end of one cut is the beginning of the next.
    first, last = (origin + round(t * 1e9) if math.isfinite(t) else t for t in (begin, end))
    return _Stretch(first, last)


def _episodes(path: str | Path, first: int, last: int) -> _Stretch:
    if not 1 <= first <= last:
        raise LogError(f"episodes {first} to {last} are none; they are counted from 1")
    begin, count = 0, 0
    for message in LogScan(path):
        if message.topic != EVENT or (text := _state(message)) is None:
            continue
        if count == last:
            number = None if text == RUNNING else message.sequence
            return _Stretch(begin, message.stamps[1], number)
        count += text == RUNNING
        if text == RUNNING and count == first:
            begin = message.stamps[1]
    if count < last:
        raise LogError(f"{path} holds {count} episodes, and {first} to {last} were asked for")
    return _Stretch(begin, math.inf)


def _state(message: LogMessage) -> str | None:
    """What an event says that a run does, if it does."""
    body = parse(message)
    return str(body.get("text")) if body.get("kind") == STATE else None


def _said(stretch: _Stretch, origin: int, episodes: tuple[int, int] | None) -> str:
    if episodes:
        return f"episodes {episodes[0]} to {episodes[1]}"
    begin, end = ((edge - origin) / 1e9 for edge in (stretch.begin, stretch.end))
    since = f"from {begin:.3f} s" if math.isfinite(begin) else "from its beginning"
    return f"{since} to {end:.3f} s" if math.isfinite(end) else f"{since} to its end"
