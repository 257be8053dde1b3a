"""`ashore bench all`."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.launch.bench.page.bench_page import bench_page
from ashore.launch.bench.page.bench_report import FIGURES, BenchReport, BenchResult
from ashore.launch.bench.page.comparing import regressions
from ashore.launch.bench.table import table
from ashore.launch.console import complain, say
from ashore.policies.storage.whole_file import write_file

PAGE = "index.html"
COMMITTED = Path("docs/pages/benchmarks")
"""Where a checkout keeps the figures that others are compared with."""
Meanings = Mapping[str, Mapping[str, str]]


def run_all(
    names: Sequence[str], short: bool, data: Path, out: Path, against: Path | None, said: Meanings
) -> BenchReport:
    """Run benchmarks, each in a process of its own; keep what is known after each.

    What an earlier run of the same commit on the same machine left in `out` is not run again.

    Args:
        names: benchmarks.
        short: under a minute each.
        data: folder of the real sensor logs.
        out: folder for the figures and the page.
        against: figures to compare with; None for those of the checkout, if there are any.
        said: what figures mean, for the page.

    Raises:
        AdaptError: `against` holds no figures.
    """
    usual = COMMITTED / f"{'short' if short else 'full'}.json"
    place = against or (usual if usual.exists() else None)
    before = BenchReport.load(place) if place else None
    report = _begun(out / FIGURES, BenchReport.here(short))
    for number, name in enumerate(names, start=1):
        if name in report.results and not report.results[name].error:
            say(f"[{number}/{len(names)}] {name}: measured {report.results[name].created}")
        else:
            say(f"[{number}/{len(names)}] {name}")
            report = report.having(name, _measured(name, short, data))
            ordered = {each: report.results[each] for each in names if each in report.results}
            report = replace(report, results=ordered)
            report.save(out / FIGURES)
        write_file(out / PAGE, bench_page(report, before, said).encode())
    say(table(report.rows))
    for name, result in report.results.items():
        if result.error:
            complain(f"the benchmark {name} failed: {result.error}")
    for name, change in regressions(report, before).items():
        complain(f"{name} fell by {-change:.0%} beside {place}")
    say(f"page: {out / PAGE}")
    return report


def _begun(path: Path, fresh: BenchReport) -> BenchReport:
    """What was measured before, if it can stand beside what will be."""
    try:
        earlier = BenchReport.load(path)
    except AdaptError:
        return fresh
    return earlier if earlier.same_as(fresh) else fresh


def _measured(name: str, short: bool, data: Path) -> BenchResult:
    """Run one benchmark; its progress goes where ours does."""
    words = ["bench", name, "--json", *(["--short"] if short else []), "--data", str(data)]
    began = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-m", "ashore.launch.cli", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds, rows, error = time.monotonic() - began, [], ""
    if process.returncode:
        error = f"it ended with code {process.returncode}; run it alone to see why"
    else:
        rows = json.loads(process.stdout)
    return BenchResult(
        command=shlex.join(["ashore", *words]),
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        seconds=seconds,
        rows=tuple(rows),
        error=error,
    )
