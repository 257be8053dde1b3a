"""`Stretch`: seconds of a log that a label holds for; and where labels come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from ashore.adapt.errors import AdaptError
from ashore.hardware.logs.log import Log


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a log that somebody gave a label."""

    log: int
    """Number of the log among those given."""
    begin: float
    """First second that it holds for, since the log's first reading [s]."""
    end: float
    """Second from which it no longer holds [s]."""
    label: str
    """What it is called; a number stands as its text."""


def joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Put in order, and join stretches of one label that touch: they are one recording.

    Raises:
        AdaptError: two labels hold for the same second of a log.
    """
    found: list[Stretch] = []
    for each in sorted(stretches, key=lambda s: (s.log, s.begin)):
        last = found[-1] if found else None
        if last and last.log == each.log and last.label == each.label and last.end >= each.begin:
            end = max(last.end, each.end)
            found[-1] = Stretch(log=last.log, begin=last.begin, end=end, label=last.label)
        else:
            found.append(each)
    for one, other in pairwise(found):
        if one.log == other.log and one.end > other.begin:
            raise AdaptError(
                f"from {other.begin:g} s a log is labelled both {one.label!r} and "
                f"{other.label!r}; give each second one label"
            )
    return found


def from_setup(logs: Sequence[Log], key: str) -> list[Stretch]:
    """One label a log, as its header's setup says under `key`.

    Raises:
        AdaptError: a log's setup has no such key, or something other than a text or a number there.
    """
    found = []
    for index, log in enumerate(logs):
        value = log.header.setup.get(key)
        if not isinstance(value, (str, int, float)) or value == "":
            known = ", ".join(map(str, log.header.setup)) or "nothing"
            raise AdaptError(
                f"the setup of {log.path} has no label {key!r}: it holds {known}; give a CSV file "
                "as --labels, or --label LOG=VALUE"
            )
        found.append(_whole(index, str(value)))
    return found


def from_words(logs: Sequence[Log], words: Sequence[str]) -> list[Stretch]:
    """One label a log, from words such as `monday=carpet`.

    Raises:
        AdaptError: a word has no `=`, names no log or one twice, or a log has no word.
    """
    given: dict[int, str] = {}
    for word in words:
        name, sign, value = word.rpartition("=")
        if not sign or not value.strip():
            raise AdaptError(f"--label {word!r} is not LOG=VALUE; write for example monday=carpet")
        index = log_named(logs, name)
        if given.setdefault(index, value.strip()) != value.strip():
            raise AdaptError(f"{name} has two labels, {given[index]!r} and {value!r}; give it one")
    if missing := [log.path.name for index, log in enumerate(logs) if index not in given]:
        raise AdaptError(
            f"{missing[0]} has no label; give --label {missing[0]}=VALUE, or leave the log out"
        )
    return [_whole(index, label) for index, label in given.items()]


def log_named(logs: Sequence[Log], name: str) -> int:
    """Number of the log whose path, file name or stem is `name`.

    Raises:
        AdaptError: none is, or several are.
    """
    names: Mapping[int, set[str]] = {
        index: {str(log.path), log.path.name, log.path.stem} for index, log in enumerate(logs)
    }
    found = [index for index, each in names.items() if name in each]
    if len(found) == 1:
        return found[0]
    if not found:
        known = ", ".join(log.path.name for log in logs)
        raise AdaptError(f"a label is for {name!r}, which is none of the logs given: {known}")
    raise AdaptError(f"a label is for {name!r}, and {len(found)} logs are called so; say its path")


def _whole(log: int, label: str) -> Stretch:
    return Stretch(log=log, begin=0.0, end=inf, label=label)
