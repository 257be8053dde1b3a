"""`ashore logs`."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ashore.hardware.catalogue.catalogue import Catalogue, Entry
from ashore.hardware.catalogue.log_split import MIXED, PARTS
from ashore.hardware.errors import LogError
from ashore.launch.console import complain, plain, say
from ashore.launch.logs_request import LogsRequest

_LARGEST = 4 * 1024 * 1024
"""Largest verdict that is read [B]."""
_COLUMNS = ("log", "robot", "kind", "policy", "seconds", "verdict", "split", "tags")


def run_catalogue(asked: LogsRequest) -> int:
    """List the logs under a folder, after tagging or splitting them if that was asked.

    Raises:
        LogError: there is no such folder, a log is not in it, or its `logs.toml` is damaged.
    """
    shares = _shares(asked.split)
    catalogue = Catalogue(asked.folder)
    entries = catalogue.entries(rebuild=asked.rebuild)
    if len(asked.tag) > 1:
        catalogue.tag(asked.tag[0], asked.tag[1:])
    if asked.untag:
        if len(asked.untag) == 1:
            raise LogError("--untag takes a tag and the logs that it is removed from")
        catalogue.tag(asked.untag[0], asked.untag[1:], remove=True)
    if shares:
        catalogue.split(shares, asked.seed)
    if shares or asked.tag or asked.untag:
        entries = catalogue.entries()
    for note in dict.fromkeys(catalogue.notes):
        complain(plain(note))
    _complain_of_mixed(entries, bool(shares))
    verdicts = verdicts_under(asked.folder)
    listed = [entry for entry in entries if _wanted(entry, asked)]
    if asked.json:
        say(json.dumps([_data(entry, verdicts) for entry in listed], indent=2))
    else:
        _tell(listed, verdicts, asked.folder)
    return 0


def _shares(split: Sequence[str]) -> tuple[float, ...]:
    """The shares that were asked for; none if the split is only listed."""
    if not split or (len(split) == 1 and split[0] in (*PARTS, MIXED)):
        return ()
    try:
        return tuple(float(share) for share in split)
    except ValueError:
        raise LogError(
            f"--split {' '.join(split)} is neither three shares, such as 0.7 0.15 0.15, nor one of "
            f"{', '.join((*PARTS, MIXED))}"
        ) from None


def _wanted(entry: Entry, asked: LogsRequest) -> bool:
    found = entry.summary
    return (
        (asked.robot is None or (found is not None and found.robot == asked.robot))
        and (asked.kind is None or (found is not None and found.kind == asked.kind))
        and (len(asked.tag) != 1 or asked.tag[0] in entry.tags)
        and (len(asked.split) != 1 or entry.part == asked.split[0])
    )


def _complain_of_mixed(entries: Sequence[Entry], split: bool) -> None:
    for entry in entries if split else ():
        if entry.part == MIXED:
            complain(f"{entry.name} shares something with two parts and is in none of them")


def verdicts_under(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """What bundles under a folder were judged, by the file name of each log they were adapted to.

    A bundle that cannot be read is passed over.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("verdict.json")):
        answer = _table(path).get("answer")
        figures = _table(path.with_name("provenance.json")).get("figures")
        logs = figures.get("logs") if isinstance(figures, dict) else None
        for log in logs if isinstance(logs, list) and isinstance(answer, str) else ():
            found[str(log)].add(str(answer))
    return {name: tuple(sorted(answers)) for name, answers in found.items()}


def _table(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _data(entry: Entry, verdicts: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    return {
        "log": entry.name,
        **({} if entry.summary is None else asdict(entry.summary)),
        "error": entry.error,
        "verdicts": verdicts.get(Path(entry.name).name, ()),
        "tags": entry.tags,
        "split": entry.part,
    }


def _tell(
    entries: Sequence[Entry], verdicts: Mapping[str, tuple[str, ...]], folder: Path
) -> None:
    rows = [
        tuple(map(plain, _row(entry, verdicts))) for entry in entries if entry.summary is not None
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    for row in (_COLUMNS, *rows) if rows else ():
        say("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for entry in entries:
        if entry.error is not None:
            say(plain(f"{entry.name}: {entry.error}"))
        elif entry.summary is not None and entry.summary.damage:
            say(plain(f"{entry.name} is damaged: {entry.summary.damage}"))
    if not entries:
        say(f"no such log under {folder}")


def _row(entry: Entry, verdicts: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    found = entry.summary
    if found is None:
        return (entry.name, *("",) * (len(_COLUMNS) - 1))
    return (
        entry.name,
        found.robot,
        found.kind,
        (found.policy or "")[:12],
        f"{found.seconds:.1f}",
        ", ".join(verdicts.get(Path(entry.name).name, ())),
        entry.part or "",
        ", ".join(entry.tags),
    )
