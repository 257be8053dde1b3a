"""What fell beside an earlier report."""

from ashore.launch.bench.page.bench_report import BenchReport

FALL = 0.15
"""A ratio that fell by more than this share of it is a regression: machines are noisy."""


def changes(now: BenchReport, before: BenchReport | None) -> dict[str, float]:
    """By how much each ratio changed, as a share of the earlier one; none of other lengths."""
    if before is None or before.short != now.short:
        return {}
    old = {row["name"]: row["ratio"] for row in before.rows}
    return {
        row["name"]: row["ratio"] / old[row["name"]] - 1.0
        for row in now.rows
        if row["ratio"] is not None and old.get(row["name"])
    }


def regressions(now: BenchReport, before: BenchReport | None) -> dict[str, float]:
    """Those of the changes that are a fall."""
    return {name: change for name, change in changes(now, before).items() if change < -FALL}
