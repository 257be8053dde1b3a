"""Tables of a model card: by kind of episode, and by quarter of each range."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term

Figures = Mapping[str, Any]


def kinds_table(figures: Figures, failed: str) -> str:
    """How much of the training each kind of episode was, and how well the policy does in it.

    Args:
        figures: of the finished training.
        failed: what people call a robot that failed.
    """
    kinds, shares = figures["slices"], figures["coverage"]["slices"]
    if not kinds:
        return ""
    measured = list(figures["errors"])
    rows = [
        [
            kind,
            f"{shares.get(kind, 0.0):.1%}",
            str(each["robots"]),
            number(each["reward"]),
            *(number(each["errors"].get(name)) for name in measured),
            str(each["failed"]),
        ]
        for kind, each in kinds.items()
    ]
    head = ["episodes", "share of training", "examined", "reward", *measured, failed]
    overlap = sum(shares.values()) > 1.001
    below = "\n\nKinds overlap: an episode counts in each that it is of." if overlap else ""
    return table(head, rows) + below


def ranges_table(stated: Randomization, reached: Randomization, figures: Figures) -> str:
    """What varied, how much of the training was in each quarter of it, and rewards at its ends.

    Args:
        stated: all ranges.
        reached: what a curriculum made of them; the same without one.
        figures: of the finished training.
    """
    now = {term.title: term for term in reached.terms}
    widened = figures["curriculum"] is not None
    rows = []
    for terms in _together(stated):
        row = [", ".join(f"`{term}`{_when(term)}" for term in terms)]
        if widened:
            came = (now[term.title] for term in terms)
            row.append(", ".join(f"{term.low:.3g} to {term.high:.3g}" for term in came))
        rows.append([*row, *_cells(terms, figures)])
    head = ["varied", *(["came to"] if widened else [])]
    return table([*head, "1st", "2nd", "3rd", "4th", "reward, lowest", "highest"], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, whose columns are numbers but for the first."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None) -> str:
    """Three digits of a number, all of a large one before the point; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:#.3g}".rstrip(".")


def _together(stated: Randomization) -> list[list[Term]]:
    """Terms, those on the same elements together, since they make up one range."""
    found: dict[object, list[Term]] = {}
    for term in stated.terms:
        own = term.title if term.mode == "interval" else (term.parameter, term.on)
        found.setdefault(own, []).append(term)
    return list(found.values())


def _when(term: Term) -> str:
    """When a term is drawn, unless it is as most are: at each episode's start."""
    if term.mode == "startup":
        return ", once a robot"
    if term.mode == "reset":
        return ""
    held = f", for {term.hold:g} s" if isfinite(term.hold) else ""
    return f", every {term.every[0]:g} to {term.every[1]:g} s{held}"


def _cells(terms: Sequence[Term], figures: Figures) -> list[str]:
    shares = figures["coverage"]["quarters"]
    title = next((term.title for term in terms if term.title in shares), None)
    if title is None:
        return ["-"] * 6
    lowest, *_, highest = figures["quarters"].get(title, (None, None))
    return [*(f"{share:.0%}" for share in shares[title]), number(lowest), number(highest)]
