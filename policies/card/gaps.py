"""`gaps`: where a training saw little, and where its policy does less."""

from collections.abc import Mapping, Sequence
from typing import Any

LITTLE = 0.25
"""Share of an even share of the training below which it saw little."""
LESS = 0.1
"""Share of the mean reward below which a policy does less."""
ORDINALS = ("lowest", "second", "third", "highest")

Figures = Mapping[str, Any]


def gaps(figures: Figures) -> list[str]:
    """Sentences on what stands out in the figures of a finished training, worst first.

    An even share is a quarter of the training for each quarter of a range, and for each of `k`
    kinds of episode a `k`-th; kinds overlap, so that it is a modest bar.
    """
    return [*_unseen(figures), *_rare(figures), *_poor(figures)]


def _unseen(figures: Figures) -> list[str]:
    """What training never saw; ranges that lack the same quarters are named together."""
    coverage = figures["coverage"]
    kinds = [f"*{kind}*" for kind in figures["slices"] if not coverage["slices"].get(kind)]
    found = [f"Training never saw {_listed(kinds)} episodes."] if kinds else []
    lacking: dict[tuple[str, ...], list[str]] = {}
    for title, shares in coverage["quarters"].items():
        empty = tuple(each for each, share in zip(ORDINALS, shares, strict=True) if share == 0.0)
        if empty:
            lacking.setdefault(empty, []).append(f"`{title}`")
    for empty, titles in lacking.items():
        quarters = "quarter" if len(empty) == 1 else "quarters"
        found.append(f"Training never saw the {_listed(empty)} {quarters} of {_listed(titles)}.")
    return found


def _rare(figures: Figures) -> list[str]:
    """What training saw, but less than `LITTLE` of an even share."""
    coverage, kinds = figures["coverage"], figures["slices"]
    shares = [
        (coverage["slices"].get(kind, 0.0), len(kinds), f"*{kind}* episodes") for kind in kinds
    ]
    for title, quarters in coverage["quarters"].items():
        named = zip(quarters, ORDINALS, strict=True)
        shares += [
            (share, len(ORDINALS), f"the {each} quarter of `{title}`") for share, each in named
        ]
    return [
        f"Only {share:.2g}% of training was in {what}; an even share is {100.0 / parts:.3g}%."
        for share, parts, what in sorted((100.0 * s, parts, what) for s, parts, what in shares)
        if 0.0 < share * parts < 100.0 * LITTLE
    ]


def _poor(figures: Figures) -> list[str]:
    """Where the mean reward is `LESS` below that of all episodes."""
    mean, came = figures["reward"], "" if figures["curriculum"] is None else "what it came to of "
    parts = {f"*{kind}* episodes": each["reward"] for kind, each in figures["slices"].items()}
    for title, rewards in figures["quarters"].items():
        for each, reward in zip(ORDINALS, rewards, strict=True):
            parts[f"the {each} quarter of {came}`{title}`"] = reward
    known = sorted((reward, what) for what, reward in parts.items() if reward is not None)
    return [
        f"In {what} it earns {reward:.3f} a step, {(mean - reward) / abs(mean):.0%} less than its "
        f"mean of {mean:.3f}."
        for reward, what in known
        if mean - reward > LESS * abs(mean)
    ]


def _listed(words: Sequence[str]) -> str:
    """Words as a sentence has them: `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
