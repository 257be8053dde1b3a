"""`draw`: a picture of what policies earn on each hidden twin."""

from collections.abc import Sequence
from pathlib import Path

from ashore.adapt.figures import AFTER, BEFORE, INK, QUIET, canvas
from ashore.launch.bench.adapt.summary import Outcome

LOOKS = {
    "encoder": (QUIET, "s", 4),
    "scratch": (QUIET, "x", 5),
    "direct": (INK, "*", 8),
    "truth": (INK, "|", 14),
    "unadapted": (BEFORE, "o", 8),
    "adapted": (AFTER, "o", 8),
}
"""Colour, mark and size by strategy; what comes later is drawn over what came before."""


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw what each policy earns on each twin; a hollow mark is a candidate that was refused."""
    figure, (axes,) = canvas(8.6, 1.4 + 0.42 * len(outcomes))
    labelled = set[str]()
    for height, each in enumerate(reversed(outcomes)):
        for name, (colour, mark, size) in LOOKS.items():
            if name not in each.measured:
                continue
            hollow = name == "adapted" and not each.work.accepted
            axes.plot(
                each.measured[name].reward,
                height,
                mark,
                color=colour,
                markersize=size,
                fillstyle="none" if hollow else "full",
                label=None if name in labelled else name,
            )
            labelled.add(name)
    names = [f"{each.work.case.name}: {each.work.facts['verdict']}" for each in reversed(outcomes)]
    axes.set_yticks(range(len(outcomes)), names)
    axes.set_ylim(-0.6, len(outcomes) - 0.4)
    axes.set_xlabel("reward per step through the wire, by the twin's own truth")
    axes.legend(frameon=False, ncols=6, loc="lower center", bbox_to_anchor=(0.4, 1.0), fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
