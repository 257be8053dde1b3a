"""`Trial`: one of a sweep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Protocol

Words = Sequence[str]
Figures = Mapping[str, float]
"""What is measured of a trial, by the column of the table that it goes into."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A command under one setting and one seed."""

    setting: Mapping[str, str]
    """What tells the setting from others, by factor."""
    seed: int
    """The trial's seed."""
    words: tuple[str, ...]
    """What follows `ashore`, but for where it leaves its bundle."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        return "-".join([*self.setting.values(), f"seed{self.seed}"])

    @property
    def title(self) -> str:
        """The setting, for people."""
        return ", ".join(f"{factor} {value}" for factor, value in self.setting.items()) or "as is"


def options(setting: Mapping[str, str]) -> Words:
    """The words that give a command a setting."""
    return [word for factor, value in setting.items() for word in (f"--{factor}", value)]


def grid(
    factors: Mapping[str, Sequence[str]], seeds: int, words: Callable[[Mapping[str, str]], Words]
) -> list[Trial]:
    """All settings of some factors, each with every seed.

    Args:
        factors: the values of each factor; one without values is not varied.
        seeds: how many seeds.
        words: the command of a setting, but for its seed.
    """
    varied = {factor: values for factor, values in factors.items() if values}
    settings = [dict(zip(varied, values, strict=True)) for values in product(*varied.values())]
    return [
        Trial(setting=setting, seed=seed, words=(*words(setting), "--seed", str(seed)))
        for setting in settings
        for seed in range(seeds)
    ]


class Kind(Protocol):
    """What a sweep is of."""

    @property
    def heading(self) -> str:
        """What is swept, as the page's title."""
        ...

    @property
    def meaning(self) -> str:
        """What the columns say, in a sentence or two."""
        ...

    def trials(self, out: Path) -> list[Trial]:
        """Return all trials, in the order of their settings, in a sweep that is kept in `out`."""
        ...

    def prepare(self, out: Path) -> None:
        """Write the files that trials read."""
        ...

    def place(self, trial: Path) -> tuple[str, ...]:
        """Return the words that have a trial leave its bundle in the folder `trial`."""
        ...

    def bundle(self, trial: Path) -> Path:
        """Return where that bundle is, once the trial has ended."""
        ...

    def figures(self, bundle: Path) -> Figures:
        """Measure a trial by its bundle."""
        ...

    def curve(self, bundle: Path) -> Sequence[tuple[float, float]]:
        """Return how a trial went, as pairs of control steps and reward; none if it has none."""
        ...
