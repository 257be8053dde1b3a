"""`gaps`: where a training saw little, and where its policy does less."""

from collections.abc import Mapping
from typing import Any

LITTLE = 0.25
"""Share of an even share of the training below which it saw little."""
LESS = 0.1
"""Share of the mean reward below which a policy does less."""
ORDINALS = ("lowest", "second", "third", "highest")


def gaps(figures: Mapping[str, Any]) -> list[str]:
    """Sentences on what stands out in the figures of a finished training, worst first.

    An even share is a quarter of the training for each quarter of a range, and for each of `k`
    kinds of episode a `k`-th; kinds overlap, so that it is a modest bar.
    """
    coverage, mean = figures["coverage"], figures["reward"]
    thin: list[tuple[float, str]] = []
    kinds = figures["slices"]
    for name in kinds:
        share = coverage["slices"].get(name, 0.0)
        if share * len(kinds) < LITTLE:
            thin.append((share, f"{_seen(share)} episodes of kind *{name}*."))
    for title, shares in coverage["quarters"].items():
        for ordinal, share in zip(ORDINALS, shares, strict=True):
            if share * len(ORDINALS) < LITTLE:
                thin.append((share, f"{_seen(share)} the {ordinal} quarter of `{title}`."))
    poor: list[tuple[float, str]] = []
    parts = {f"episodes of kind *{name}*": value for name, value in kinds.items()}
    for title, rewards in figures["quarters"].items():
        for ordinal, value in zip(ORDINALS, rewards, strict=True):
            parts[f"the {ordinal} quarter of `{title}`"] = value
    for name, value in parts.items():
        if value is not None and value < mean - LESS * abs(mean):
            poor.append((value, f"It earns {value:.3f} a step in {name}, {mean:.3f} on the whole."))
    return [sentence for _, sentence in [*sorted(thin), *sorted(poor)]]


def _seen(share: float) -> str:
    return "Training never saw" if share == 0.0 else f"Only {share:.1%} of training saw"
