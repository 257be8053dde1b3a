"""`merge`: logs of one robot in a row, as one log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_copy import LogCopy
from ashore.hardware.log_tools.new_log import new_log
from ashore.hardware.logs.log_columns import need, parse
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import RAW, READING

SEAM = "what follows is of "
"""What the event at a seam begins with."""

_PEEK = 500
"""Messages of a log that are looked at to know when it begins."""


@dataclass(frozen=True, kw_only=True)
class Seam:
    """Where one log of a merged one begins."""

    source: str
    """Name of its file."""
    begin: float
    """When, on the robot's clock of the merged log [s]."""
    shift: float
    """What was added to its times, so that they do not run backwards [s]."""
    damage: str | None
    """What is wrong with it, or None."""


def merge(paths: Sequence[str | Path], out: str | Path) -> list[Seam]:
    """Write logs of one robot, one behind the other, to the new log `out`.

    Messages are unchanged byte for byte, unless a log's times would run backwards behind those of
    the log before: then all of its times are shifted, and nothing else. An event of kind `log`
    begins each, with its name and what of its setup the others do not share.

    Raises:
        LogError: there are fewer than two, one is no log or its header is damaged, they are of
            different robots, specs, contracts or widths, or `out` exists or cannot be written.
    """
    if len(paths) < 2:
        raise LogError("one log alone cannot be merged; give two or more, in their order")
    sources = [Path(path) for path in paths]
    headers = [_header(path) for path in sources]
    for path, header in zip(sources, headers, strict=True):
        _require_alike(sources[0], headers[0], path, header)
    seams, merger = list[Seam](), _Merger()
    with new_log(out, _common(sources, headers)) as file:
        copy = LogCopy(file)
        for path, header in zip(sources, headers, strict=True):
            seams.append(merger.add(copy, path, header))
        copy.say(f"merged from {len(sources)} logs", {"sources": [p.name for p in sources]})
    return seams


class _Merger:
    """Adds logs, and remembers what the next one must fit to."""

    def __init__(self) -> None:
        self._widths: dict[tuple[str, str], int] = {}
        self._readings = (0, 0)
        self._shift = 0

    def add(self, copy: LogCopy, path: Path, header: LogHeader) -> Seam:
        """Add one log behind those before it."""
        copy.begin()
        scan = LogScan(path)
        messages = iter(scan)
        peek = list(islice(messages, _PEEK))
        first = [min((m.stamps[clock] for m in peek), default=0) for clock in (0, 1)]
        shift = self._shifts(copy, first) if copy.kept else (0, 0)
        begin = (first[0] + shift[0], first[1] + shift[1])
        facts = {"source": path.name, "shift": shift[1] / 1e9, "created": header.created}
        copy.say(f"{SEAM}{path.name}", {**facts, "setup": dict(header.setup)}, stamps=begin)
        seen: set[str] = set()
        for message in chain(peek, messages):
            if message.topic not in seen:
                seen.add(message.topic)
                self._require_width(path, message)
            if message.topic == READING:
                self._readings = self._readings[1], message.stamps[1] + shift[1]
            data = _later(message, shift[1]) if shift[1] else None
            copy.keep(message, data, shift)
        begins = begin[1] / 1e9
        return Seam(source=path.name, begin=begins, shift=shift[1] / 1e9, damage=scan.damage)

    def _shifts(self, copy: LogCopy, first: Sequence[int]) -> tuple[int, int]:
        """What must be added to the host's and the robot's clock [ns]: 0 if they go on."""
        period = max(self._readings[1] - self._readings[0], 0)
        host, robot = (
            last + period - begin if begin < last else 0
            for last, begin in zip(copy.stamps, first, strict=True)
        )
        return host, robot

    def _require_width(self, path: Path, message: LogMessage) -> None:
        if message.topic in RAW:
            return
        for name, row in parse(message).items():
            if isinstance(row, list):
                width = self._widths.setdefault((message.topic, name), len(row))
                if width != len(row):
                    raise LogError(
                        f"{path} cannot be merged: {name} of {message.topic} has {len(row)} numbers"
                        f" and had {width} in the logs before it; merge logs of one robot"
                    )


def _header(path: Path) -> LogHeader:
    scan = LogScan(path)
    if next(iter(scan), None) is None or scan.bad_header:
        raise LogError(f"cannot merge {path}: {scan.bad_header or 'it holds no message'}")
    return scan.header


def _require_alike(first: Path, one: LogHeader, path: Path, other: LogHeader) -> None:
    for name in ("robot", "spec", "contract"):
        mine, theirs = getattr(one, name), getattr(other, name)
        same = mine == theirs if name == "robot" else json.loads(mine) == json.loads(theirs)
        if not same:
            said = f": {mine!r} and {theirs!r}" if name == "robot" else ""
            raise LogError(
                f"{first} and {path} differ in their {name}{said}; merge logs of one robot, "
                "recorded under one spec and contract"
            )


def _common(sources: Sequence[Path], headers: Sequence[LogHeader]) -> LogHeader:
    """The first header, with what of their setups they share, and what the log is made of."""
    first, nothing = headers[0], object()
    shared: Mapping[str, object] = {
        key: value
        for key, value in first.setup.items()
        if all(header.setup.get(key, nothing) == value for header in headers)
    }
    made = [
        {"name": path.name, "created": created}
        for path, header in zip(sources, headers, strict=True)
        for created in header.recordings
    ]
    return replace(first, setup={**shared, "merged": made})


def _later(message: LogMessage, shift: int) -> bytes | None:
    """A message whose time is `shift` later [ns]; bytes of the wire have theirs outside."""
    if message.topic in RAW:
        return None
    body = parse(message)
    time = need(body, "time")
    if not isinstance(time, (int, float)):
        return None
    return to_json({**body, "time": time + shift / 1e9})
