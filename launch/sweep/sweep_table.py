"""What a sweep found: means and intervals over seeds, setting by setting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ashore.adapt.interval import Interval, student
from ashore.launch.sweep.trial import Figures, Trial


@dataclass(frozen=True, kw_only=True)
class SettingFound:
    """What came of the trials of one setting."""

    title: str
    """The setting."""
    setting: Mapping[str, str]
    """The same, by factor."""
    each: Mapping[str, tuple[float, ...]]
    """What each seed's trial measured, by column."""

    @property
    def means(self) -> dict[str, Interval]:
        """Mean of each column, with Student's 95 % interval."""
        return {column: student(np.array(values)) for column, values in self.each.items()}

    def cell(self, column: str) -> str:
        """Mean and interval for a table; of one seed, its number."""
        values, found = self.each.get(column, ()), self.means.get(column)
        if found is None:
            return ""
        if len(values) == 1:
            return f"{found.mean:.3f}"
        return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def found_of(trials: Sequence[Trial], figures: Mapping[str, Figures]) -> list[SettingFound]:
    """Gather trials by their settings; those without figures are left out."""
    grouped: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.name in figures:
            grouped.setdefault(trial.title, []).append(trial)
    found = []
    for title, group in grouped.items():
        rows = [figures[trial.name] for trial in group]
        columns = dict.fromkeys(column for row in rows for column in row)
        each = {c: tuple(float(row[c]) for row in rows if c in row) for c in columns}
        found.append(SettingFound(title=title, setting=group[0].setting, each=each))
    return found


def columns_of(found: Sequence[SettingFound]) -> list[str]:
    """All columns, in their order, but those that are 0 throughout."""
    names = dict.fromkeys(column for setting in found for column in setting.each)
    return [name for name in names if any(any(each.each.get(name, ())) for each in found)]
