"""`ashore bench`."""

import json as json_text
from collections.abc import Callable, Mapping
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.launch.bench import (
    bench_adapt,
    bench_bus,
    bench_calibrate,
    bench_envs,
    bench_logs,
    bench_scale,
    bench_soak,
    bench_train,
)
from ashore.launch.bench.figure import Row
from ashore.launch.bench.page.run_all import run_all
from ashore.launch.bench.table import legend, table
from ashore.launch.console import say

Rows = list[Row]

BENCHES: dict[str, Callable[[Path, bool], Rows]] = {
    "envs": bench_envs.run,
    "train": bench_train.run,
    "bus": bench_bus.run,
    "soak": bench_soak.run,
    "calibrate": bench_calibrate.run,
    "logs": bench_logs.run,
    "scale": bench_scale.run,
    "adapt": bench_adapt.run,
}
"""Every benchmark: data folder and whether to be short, to rows of figures."""

MEANINGS: dict[str, Mapping[str, str]] = {
    "bus": bench_bus.MEANINGS,
    "soak": bench_soak.MEANINGS,
    "logs": bench_logs.MEANINGS,
    "scale": bench_scale.MEANINGS,
    "adapt": bench_adapt.MEANINGS,
}
"""What a benchmark's figures mean, by the beginning of their names."""


def run_bench(
    name: str, json: bool, short: bool, data: Path, out: Path, against: Path | None
) -> int:
    """Run one benchmark, or all with a page, and print what was measured.

    Raises:
        AdaptError: no such benchmark, or no figures in `against`.
    """
    if name == "all":
        report = run_all(list(BENCHES), short, data, out, against, MEANINGS)
        return int(any(result.error for result in report.results.values()))
    if name not in BENCHES:
        raise AdaptError(f"no benchmark {name!r}; there are: {', '.join(BENCHES)}, all")
    rows = BENCHES[name](data, short)
    meanings = legend(MEANINGS.get(name, {}))
    say(json_text.dumps(rows, indent=2) if json else "\n".join([table(rows), *meanings]))
    return 0
