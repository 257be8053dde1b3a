"""`assign`: which part of an evaluation each log belongs to, for good."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

TRAIN, VALIDATION, HELD_OUT = PARTS = ("train", "validation", "held-out")
"""The parts, in the order that their shares are given in."""
MIXED = "mixed"
"""A log that shares something with two parts, and so belongs to none."""

Labels = Mapping[str, Sequence[str]]
"""What each log has in common with others, by its name: trajectories, shapes, its recording."""


def assign(
    logs: Labels, sides: Mapping[str, str], shares: Sequence[float], seed: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Give each log a part, so that no label stands in two; what is settled stays as it is.

    Logs that share a label, directly or through others, form a group. A log whose labels are
    settled goes where they are; one whose labels are settled in two parts is `mixed`. Each other
    group goes, whole, where most logs are due, in an order drawn by `seed`.

    Args:
        logs: labels of all logs; one without any must be given one of its own.
        sides: part of each label that is settled.
        shares: of train, validation and held-out; their sum is what 1 is elsewhere.
        seed: of the order.

    Returns:
        Part of each log, and of each label that is settled now.
    """
    settled, parts = dict(sides), dict[str, str]()
    _follow(logs, settled, parts)
    due = Counter(part for part in parts.values() if part != MIXED)
    left = {name: logs[name] for name in sorted(logs) if name not in parts}
    for group in sorted(_groups(left), key=lambda names: _draw(seed, left, names)):
        part = _neediest(due, len(group), shares)
        due[part] += len(group)
        for name in group:
            parts[name] = part
            settled.update(dict.fromkeys(left[name], part))
    return parts, settled


def _follow(logs: Labels, settled: dict[str, str], parts: dict[str, str]) -> None:
    """Place all logs whose labels say where, and those that then follow them."""
    moved = True
    while moved:
        moved = False
        for name in sorted(logs):
            where = {settled[label] for label in logs[name] if label in settled}
            if name in parts or not where:
                continue
            moved = True
            parts[name] = where.pop() if len(where) == 1 else MIXED
            if parts[name] != MIXED:
                settled.update(dict.fromkeys(logs[name], parts[name]))


def _groups(logs: Labels) -> list[list[str]]:
    """Logs that share labels, directly or through others."""
    group_of: dict[str, list[str]] = {}
    for name, labels in logs.items():
        groups = {id(g): g for label in labels if (g := group_of.get(label)) is not None}
        joined = [name, *(each for group in groups.values() for each in group)]
        for each in joined:
            group_of.update(dict.fromkeys(logs[each], joined))
    return list({id(group): sorted(group) for group in group_of.values()}.values())


def _draw(seed: int, logs: Labels, names: Sequence[str]) -> str:
    """A number for a group that follows from the seed and from what is in it."""
    first = min(label for name in names for label in logs[name])
    return hashlib.sha256(f"{seed} {first}".encode()).hexdigest()


def _neediest(due: Counter[str], count: int, shares: Sequence[float]) -> str:
    """The part that lacks most logs, once `count` more are there."""
    total = due.total() + count
    lacks = {
        part: share / sum(shares) * total - due[part]
        for part, share in zip(PARTS, shares, strict=True)
        if share > 0.0
    }
    return max(lacks, key=lambda part: lacks[part])
