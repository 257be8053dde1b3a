"""`LabelledWindows`: stretches of logs as the policy saw them, cut to one length, with labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.label import Stretch, joined
from ashore.hardware.errors import ContractError
from ashore.hardware.logs.log import Log
from ashore.hardware.run.robot_match import require_log
from ashore.policies.bundle import Bundle

Floats = NDArray[np.float32]
Array = NDArray[np.float64]
Ids = NDArray[np.intp]

SETTLED = 1.0
"""Time after an episode's start that no window holds [s]: how a robot starts tells of the start."""


@dataclass(frozen=True, kw_only=True)
class LabelledWindows:
    """`n` windows that don't overlap, in the order of logs and time."""

    seen: Floats
    """What the policy saw, `(n, ticks, k)`."""
    label: NDArray[np.str_]
    """What each is called, `(n,)`."""
    log: Ids
    """Number of its log, `(n,)`."""
    episode: Ids
    """Number of its episode, over all logs, `(n,)`."""
    stretch: Ids
    """Number of the unbroken labelled stretch in an episode that it is from, `(n,)`."""

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Ids) -> "LabelledWindows":
        """Some of them."""
        return LabelledWindows(
            seen=self.seen[rows],
            label=self.label[rows],
            log=self.log[rows],
            episode=self.episode[rows],
            stretch=self.stretch[rows],
        )


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a window lies."""

    rows: slice
    label: str
    log: int
    episode: int
    stretch: int


def cut(
    logs: Sequence[Log], bundle: Bundle, stretches: Sequence[Stretch], seconds: float
) -> LabelledWindows:
    """Cut labelled stretches of logs into windows of `seconds`; none spans a gap or an episode.

    The logs may be another policy's, if it was of the same contract.

    Raises:
        AdaptError: a window of no length, a log of another contract or without a policy at work,
            or no window.
        ContractError: a log of another robot or contract.
    """
    rate, wide = bundle.spec.rate, bundle.contract.observation_size
    ticks = round(seconds * rate)
    if ticks < 2:
        raise AdaptError(f"a window of {seconds:g} s holds {ticks} ticks at {rate:g} Hz; ask more")
    seen, places, ordered = [], [], joined(stretches)
    for index, log in enumerate(logs):
        _require_seen(log, bundle, wide)
        for place in _places(log, index, ordered, rate, ticks):
            places.append(place)
            seen.append(log.policy.observation[place.rows])
    if not places:
        raise AdaptError(
            f"the labelled stretches hold no window of {seconds:g} s in which the policy was at "
            f"work for more than {SETTLED:g} s; record for longer, or ask for shorter windows"
        )
    return LabelledWindows(
        seen=np.stack(seen),
        label=np.array([place.label for place in places]),
        log=np.array([place.log for place in places]),
        episode=_numbered([(place.log, place.episode) for place in places]),
        stretch=_numbered([(place.log, place.episode, place.stretch) for place in places]),
    )


def _require_seen(log: Log, bundle: Bundle, wide: int) -> None:
    try:
        require_log(log.header, bundle.spec, bundle.contract.hash)
    except ContractError as problem:
        raise ContractError(f"{log.path}: {problem}") from None
    shape = log.policy.observation.shape
    if len(log.policy) == 0 or shape[1] != wide:
        found = f"observations of {shape[1]} numbers" if len(log.policy) else "no policy at work"
        raise AdaptError(
            f"{log.path} holds {found}, and the policy's are of {wide}; "
            "give a log that `ashore record` wrote with this policy"
        )


def _places(
    log: Log, index: int, stretches: Sequence[Stretch], rate: float, ticks: int
) -> Iterator[_Place]:
    zero = log.readings.time[0] if len(log.readings) else log.policy.time[0]
    mine = [each for each in stretches if each.log == index]
    for number, (begin, end) in enumerate(_episodes(log)):
        for order, stretch in enumerate(mine):
            first = max(begin + SETTLED, zero + stretch.begin)
            last = min(end, zero + stretch.end)
            for rows in _windows(log, first, last, rate, ticks):
                yield _Place(
                    rows=rows, label=stretch.label, log=index, episode=number, stretch=order
                )


def _episodes(log: Log) -> list[tuple[float, float]]:
    """When a policy was at work; the whole of a log that marks no episodes [s]."""
    marks = [event for event in log.events if event.kind == "state"]
    if not any(mark.text == "running" for mark in marks):
        return [(float(log.policy.time[0]), np.inf)]
    ends = [*(mark.time for mark in marks[1:]), np.inf]
    return [
        (mark.time, end) for mark, end in zip(marks, ends, strict=True) if mark.text == "running"
    ]


def _windows(log: Log, begin: float, end: float, rate: float, ticks: int) -> Iterator[slice]:
    """Rows of successive whole windows from `begin` to `end` [s], each of steps in a row."""
    time = log.policy.time
    rows = np.flatnonzero((time >= begin - 0.5 / rate) & (time < end - 0.5 / rate))
    if len(rows) < ticks:
        return
    whole = np.asarray(np.isfinite(log.policy.observation[rows]).all(axis=1))
    broken = np.abs(np.diff(time[rows]) * rate - 1.0) > 0.5
    at = 0
    while at + ticks <= len(rows):
        bad = np.flatnonzero(~whole[at : at + ticks])
        gaps = np.flatnonzero(broken[at : at + ticks - 1])
        if not len(bad) and not len(gaps):
            yield slice(int(rows[at]), int(rows[at]) + ticks)
            at += ticks
        else:
            at += 1 + int(max([*bad, *gaps]))


def _numbered(keys: Sequence[tuple[int, ...]]) -> Ids:
    """Number different keys in the order in which they come."""
    order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys])
