"""`ashore bench`."""

import json as json_text
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap

from ashore.adapt.errors import AdaptError
from ashore.launch.bench import (
    bench_adapt,
    bench_bus,
    bench_calibrate,
    bench_envs,
    bench_logs,
    bench_soak,
    bench_train,
)
from ashore.launch.bench.figure import Row
from ashore.launch.console import say

Rows = list[Row]

BENCHES: dict[str, Callable[[Path, bool], Rows]] = {
    "envs": bench_envs.run,
    "train": bench_train.run,
    "bus": bench_bus.run,
    "soak": bench_soak.run,
    "calibrate": bench_calibrate.run,
    "logs": bench_logs.run,
    "adapt": bench_adapt.run,
}
"""Every benchmark: data folder and whether to be short, to rows of figures."""

MEANINGS: dict[str, Mapping[str, str]] = {
    "bus": bench_bus.MEANINGS,
    "soak": bench_soak.MEANINGS,
    "logs": bench_logs.MEANINGS,
    "adapt": bench_adapt.MEANINGS,
}
"""What a benchmark's figures mean, by the beginning of their names."""

_WIDTH = 100


def run_bench(name: str, json: bool, short: bool, data: Path) -> int:
    """Run one benchmark or all, and print what was measured."""
    if name != "all" and name not in BENCHES:
        raise AdaptError(f"no benchmark {name!r}; there are: {', '.join(BENCHES)}, all")
    names = list(BENCHES) if name == "all" else [name]
    rows = [row for each in names for row in BENCHES[each](data, short)]
    meanings = [line for each in names for line in legend(MEANINGS.get(each, {}))]
    say(json_text.dumps(rows, indent=2) if json else "\n".join([table(rows), *meanings]))
    return 0


def legend(meanings: Mapping[str, str]) -> list[str]:
    """Lines that say what the figures mean, each beneath an empty one."""
    lines = []
    for name, meaning in meanings.items():
        lines += ["", *wrap(f"{name}*: {meaning}", _WIDTH, subsequent_indent="  ")]
    return lines


def table(rows: Rows) -> str:
    """Rows of figures as aligned text."""
    heads = ("name", "value", "unit", "peer", "peer_value", "ratio")
    cells = [[_cell(row[head]) for head in heads] for row in rows]
    widths = [max(len(c[i]) for c in [list(heads), *cells]) for i in range(len(heads))]
    lines = [heads, *cells]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
