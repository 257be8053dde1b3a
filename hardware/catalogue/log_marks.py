"""`LogMarks`: tags and the split of the logs in a folder, in a file that people can read."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ashore.hardware.catalogue.log_split import MIXED, PARTS
from ashore.hardware.errors import LogError

MARKS = "logs.toml"
"""Name of the file, beside the logs."""
_LARGEST = 16 * 1024 * 1024
"""Largest such file that is read [B]."""
_ABOUT = """\
# Tags of the logs in this folder, and how they are split into train, validation and held-out.
# `ashore logs` writes this file, and rebuilds its index from it: keep it with the logs.
"""


@dataclass(frozen=True, kw_only=True)
class LogMarks:
    """What people and the split have said of the logs in a folder."""

    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tags of each log that has some, by its path below the folder."""
    split: Mapping[str, str] = field(default_factory=dict)
    """Part of each log that was split: train, validation, held-out, or mixed, in none of them."""
    sides: Mapping[str, str] = field(default_factory=dict)
    """Part of each trajectory, shape and recording, which new logs of it follow."""
    shares: tuple[float, ...] = ()
    """Shares of train, validation and held-out; empty before the first split."""
    seed: int = 0
    """Seed of the split."""

    def to_toml(self) -> str:
        """The file's text."""
        lines = [_ABOUT, "ashore = 1"]
        if self.shares:
            shares = ", ".join(repr(float(share)) for share in self.shares)
            lines += ["", "[split]", f"shares = [{shares}]", f"seed = {self.seed}"]
        lines += ["", "[sides]"]
        lines += [f"{_text(key)} = {_text(side)}" for key, side in sorted(self.sides.items())]
        for name in sorted({*self.tags, *self.split}):
            lines += ["", f"[logs.{_text(name)}]"]
            if tags := self.tags.get(name):
                lines.append(f"tags = [{', '.join(map(_text, tags))}]")
            if part := self.split.get(name):
                lines.append(f"split = {_text(part)}")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write the file whole, or not at all.

        Raises:
            LogError: the folder cannot be written.
        """
        part = folder / f".{MARKS}.{os.getpid()}.part"
        if (folder / MARKS).exists() and read_marks(folder) is None:
            raise LogError(
                f"{folder / MARKS} is another program's file, and tags and the split would be kept "
                "there; give it another name"
            )
        try:
            part.write_text(self.to_toml(), encoding="utf-8")
            part.replace(folder / MARKS)
        except OSError as error:
            raise LogError(
                f"cannot write {folder / MARKS}: {error.strerror}; tags and the split are kept "
                "there, so give a folder that may be written"
            ) from None
        finally:
            if part.exists():
                part.unlink()


def read_marks(folder: Path) -> LogMarks | None:
    """Read the marks of a folder; None if it has none, or another program's file in their place.

    Raises:
        LogError: they cannot be read.
    """
    path = folder / MARKS
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST} bytes")
        text = path.read_text(encoding="utf-8")
        return marks_in(text) if "ashore" in tomllib.loads(text) else None
    except (OSError, ValueError, RecursionError) as error:
        raise LogError(
            f"{path} cannot be read: {error}; it holds the tags and the split of the logs beside "
            "it: mend it, or take an older copy"
        ) from None


def marks_in(text: str) -> LogMarks:
    """Read the text of such a file.

    Raises:
        ValueError: it is no such text.
    """
    found = tomllib.loads(text)
    if found.get("ashore") != 1:
        raise ValueError("it does not say `ashore = 1`")
    split, logs = _table(found, "split"), _table(found, "logs")
    sides = {key: _part(side) for key, side in _table(found, "sides").items()}
    tags, parts = dict[str, tuple[str, ...]](), dict[str, str]()
    for name in logs:
        entry = _table(logs, name)
        listed = entry.get("tags", [])
        if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
            raise ValueError(f"the tags of {name} are no list of texts")
        if listed:
            tags[name] = tuple(listed)
        if "split" in entry:
            parts[name] = _part(entry["split"])
    shares, seed = split.get("shares", []), split.get("seed", 0)
    if not isinstance(shares, list) or not all(isinstance(s, (int, float)) for s in shares):
        raise ValueError("the shares of the split are no list of numbers")
    if not isinstance(seed, int):
        raise ValueError("the seed of the split is no whole number")
    return LogMarks(tags=tags, split=parts, sides=sides, shares=tuple(shares), seed=seed)


def _table(found: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = found.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no table")
    return value


def _part(value: object) -> str:
    if value not in (*PARTS, MIXED):
        raise ValueError(f"{value!r} is no part; there are {', '.join((*PARTS, MIXED))}")
    return str(value)


def _text(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
